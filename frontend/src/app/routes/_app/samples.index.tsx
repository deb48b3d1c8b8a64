import { createFileRoute } from '@tanstack/react-router'
import { SamplesPage } from '@/features/review/samples-page'

export const Route = createFileRoute('/_app/samples/')({ component: SamplesPage })
