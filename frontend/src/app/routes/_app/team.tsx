import { createFileRoute } from '@tanstack/react-router'
import { TeamPage } from '@/features/team/team-page'

export const Route = createFileRoute('/_app/team')({
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search.q === 'string' && search.q !== '' ? { q: search.q } : {},
  component: function Team() {
    return <TeamPage q={Route.useSearch().q ?? ''} />
  },
})
