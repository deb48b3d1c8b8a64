import { createFileRoute } from '@tanstack/react-router'
import { ActivationPage } from '@/features/session/activation-page'

export const Route = createFileRoute('/activate')({
  validateSearch: (search: Record<string, unknown>): { token?: string } =>
    typeof search.token === 'string' ? { token: search.token } : {},
  component: function Activate() {
    return <ActivationPage token={Route.useSearch().token} />
  },
})
