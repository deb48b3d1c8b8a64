import { createFileRoute } from '@tanstack/react-router'
import { ContractPage } from '@/features/merchant/contract-page'

export const Route = createFileRoute('/_app/applications/$id/contract')({
  component: function Page() {
    return <ContractPage id={Route.useParams().id} />
  },
})
