import { createFileRoute } from '@tanstack/react-router'
import { ForgotPage } from '@/features/session/forgot-page'

export const Route = createFileRoute('/forgot')({ component: ForgotPage })
