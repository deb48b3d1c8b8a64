import { createFileRoute, notFound } from '@tanstack/react-router'
import { ClaimNextPage } from '@/features/queue/claim-next-page'
import { isQueueName } from '@/features/queue/filters'

export const Route = createFileRoute('/_app/queue/$queue/next')({
  params: {
    parse: ({ queue }) => {
      if (!isQueueName(queue)) throw notFound()
      return { queue }
    },
  },
  component: function Next() {
    return <ClaimNextPage queue={Route.useParams().queue} />
  },
})
