import { createFileRoute } from '@tanstack/react-router'
import { RegistrationPage } from '@/features/registration/registration-page'

export const Route = createFileRoute('/register')({ component: RegistrationPage })
