import { createFileRoute } from '@tanstack/react-router'
import { ProviderPage, type ProviderAnswer } from '@/features/session/provider-page'

export const Route = createFileRoute('/oidc')({
  validateSearch: (search: Record<string, unknown>): ProviderAnswer => {
    const answer: ProviderAnswer = {}
    for (const name of ['state', 'code', 'error'] as const) {
      const value = search[name]
      // The router reads a code of digits as a number.
      if (typeof value === 'string' || typeof value === 'number') answer[name] = String(value)
    }
    return answer
  },
  component: function Provider() {
    return <ProviderPage answer={Route.useSearch()} />
  },
})
