import { createFileRoute } from '@tanstack/react-router'
import { SitePage } from '@/features/merchant/site-page'

export const Route = createFileRoute('/_app/applications/$id/site')({
  component: function Page() {
    return <SitePage id={Route.useParams().id} />
  },
})
