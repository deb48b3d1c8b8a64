import { createFileRoute } from '@tanstack/react-router'
import { CorrectionsPage } from '@/features/merchant/corrections-page'

export const Route = createFileRoute('/_app/applications/$id/corrections')({
  component: function Page() {
    return <CorrectionsPage id={Route.useParams().id} />
  },
})
