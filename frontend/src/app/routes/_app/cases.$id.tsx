import { createFileRoute } from '@tanstack/react-router'
import { CasePage } from '@/features/review/case-page'

export const Route = createFileRoute('/_app/cases/$id')({
  component: function Case() {
    const { id } = Route.useParams()
    return <CasePage key={id} id={id} />
  },
})
