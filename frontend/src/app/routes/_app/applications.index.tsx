import { createFileRoute } from '@tanstack/react-router'
import { ApplicationsPage } from '@/features/merchant/applications-page'

export const Route = createFileRoute('/_app/applications/')({ component: ApplicationsPage })
