import { createFileRoute, notFound } from '@tanstack/react-router'
import { QueuePage } from '@/features/queue/queue-page'
import { isQueueName, readFilters } from '@/features/queue/filters'

export const Route = createFileRoute('/_app/queue/$queue/')({
  validateSearch: readFilters,
  params: {
    parse: ({ queue }) => {
      if (!isQueueName(queue)) throw notFound()
      return { queue }
    },
  },
  component: function Queue() {
    return <QueuePage queue={Route.useParams().queue} filters={Route.useSearch()} />
  },
})
