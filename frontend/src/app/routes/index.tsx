import { createFileRoute, redirect } from '@tanstack/react-router'
import { currentSession } from '@/api/session'
import { home } from '../home'

export const Route = createFileRoute('/')({
  beforeLoad: () => {
    const session = currentSession()
    if (session.state === 'active' || session.state === 'expired') {
      throw redirect({ to: home(session.identity.role), replace: true })
    }
    throw redirect({ to: '/login', replace: true })
  },
})
