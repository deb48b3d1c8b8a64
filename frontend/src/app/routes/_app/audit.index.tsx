import { createFileRoute } from '@tanstack/react-router'
import { AuditSearchPage } from '@/features/audit/audit-search-page'

export const Route = createFileRoute('/_app/audit/')({
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search.q === 'string' && search.q !== '' ? { q: search.q } : {},
  component: function Audit() {
    return <AuditSearchPage q={Route.useSearch().q ?? ''} />
  },
})
