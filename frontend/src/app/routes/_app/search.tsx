import { createFileRoute } from '@tanstack/react-router'
import { SearchPage } from '@/features/review/search-page'

export const Route = createFileRoute('/_app/search')({
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search.q === 'string' && search.q !== '' ? { q: search.q } : {},
  component: function Search() {
    return <SearchPage q={Route.useSearch().q ?? ''} />
  },
})
