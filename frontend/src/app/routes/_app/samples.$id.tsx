import { createFileRoute } from '@tanstack/react-router'
import { SamplePage } from '@/features/review/sample-page'

export const Route = createFileRoute('/_app/samples/$id')({
  component: function Sample() {
    const { id } = Route.useParams()
    return <SamplePage key={id} id={id} />
  },
})
