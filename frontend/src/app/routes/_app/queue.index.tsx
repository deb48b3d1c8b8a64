import { createFileRoute, redirect } from '@tanstack/react-router'

export const Route = createFileRoute('/_app/queue/')({
  beforeLoad: () => {
    throw redirect({ to: '/queue/$queue', params: { queue: 'qualification' }, replace: true })
  },
})
