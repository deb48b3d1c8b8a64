import { createFileRoute } from '@tanstack/react-router'
import { RestrictionPage } from '@/features/merchant/restriction-page'

export const Route = createFileRoute('/_app/applications/$id/restriction')({
  component: function Page() {
    return <RestrictionPage id={Route.useParams().id} />
  },
})
