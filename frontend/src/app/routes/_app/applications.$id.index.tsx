import { createFileRoute } from '@tanstack/react-router'
import { StatusPage } from '@/features/merchant/status-page'

export const Route = createFileRoute('/_app/applications/$id/')({
  component: function Page() {
    return <StatusPage id={Route.useParams().id} />
  },
})
