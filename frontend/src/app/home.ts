import type { Role } from '@/api/session'

/** The page where each role's day begins. */
export function home(role: Role): '/queue' | '/audit' | '/applications' | '/account' {
  switch (role) {
    case 'reviewer':
    case 'lead':
      return '/queue'
    case 'auditor':
      return '/audit'
    case 'merchant':
    case 'agent':
      return '/applications'
    case 'admin':
    case 'system':
      return '/account'
  }
}
