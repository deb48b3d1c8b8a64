import { createFileRoute } from '@tanstack/react-router'
import { ReplayPage } from '@/features/audit/replay-page'
import { readReplaySearch } from '@/features/audit/replay-search'

export const Route = createFileRoute('/_app/audit/$id')({
  validateSearch: readReplaySearch,
  component: function Replay() {
    const { id } = Route.useParams()
    return <ReplayPage key={id} id={id} search={Route.useSearch()} />
  },
})
