import { createFileRoute } from '@tanstack/react-router'
import { LoginPage } from '@/features/session/login-page'

interface Search {
  /** The path to go to afterwards; only ever one of this site. */
  next?: string
}

export const Route = createFileRoute('/login')({
  validateSearch: (search: Record<string, unknown>): Search =>
    typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) ? { next: search.next } : {},
  component: function Login() {
    return <LoginPage next={Route.useSearch().next} />
  },
})
