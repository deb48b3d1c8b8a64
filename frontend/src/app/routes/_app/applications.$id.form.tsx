import { createFileRoute } from '@tanstack/react-router'
import { FormPage } from '@/features/merchant/form-page'

export const Route = createFileRoute('/_app/applications/$id/form')({
  component: function Page() {
    return <FormPage id={Route.useParams().id} />
  },
})
