import { createFileRoute, redirect } from '@tanstack/react-router'
import { currentSession } from '@/api/session'
import { Shell } from '../shell'

export const Route = createFileRoute('/_app')({
  beforeLoad: ({ location }) => {
    const { state } = currentSession()
    if (state === 'active' || state === 'expired') return
    throw redirect({ to: '/login', search: { next: location.href }, replace: true })
  },
  component: Shell,
})
