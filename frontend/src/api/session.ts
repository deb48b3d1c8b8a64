import { useSyncExternalStore } from 'react'
import type { components } from './schema.gen'

/**
 * Who is logged in. The access token lives in this module's memory only: not in
 * storage, not in a URL, gone when the tab is. The refresh token is a cookie
 * that scripts cannot read.
 */
export type Identity = components['schemas']['Me']
export type Role = components['schemas']['Role']

export type Session =
  | { state: 'starting' }
  | { state: 'anonymous' }
  | { state: 'active'; identity: Identity; mustEnrol: boolean }
  /** The log-in ended while somebody was at work; the page stays and a dialog asks again. */
  | { state: 'expired'; identity: Identity }

let token = ''
let session: Session = { state: 'starting' }
const listeners = new Set<() => void>()

function set(next: Session): void {
  session = next
  for (const tell of listeners) tell()
}

export function currentSession(): Session {
  return session
}

export function currentToken(): string {
  return token
}

export function subscribeSession(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export function useSession(): Session {
  return useSyncExternalStore(subscribeSession, currentSession)
}

/** The person at work; pages behind the log-in always have one. */
export function useIdentity(): Identity | undefined {
  const now = useSession()
  return now.state === 'active' || now.state === 'expired' ? now.identity : undefined
}

/** Takes over a fresh log-in or refresh. */
export function begin(answer: components['schemas']['Session']): void {
  token = answer.access_token
  set({ state: 'active', identity: answer.account, mustEnrol: answer.must_enrol ?? false })
}

/** One-time codes are set up: the whole program is open now. */
export function enrolled(): void {
  if (session.state !== 'active') return
  const { identity } = session
  set({
    state: 'active',
    identity: { ...identity, totp: true, step_up: 'code', recovery_codes: 10 },
    mustEnrol: false,
  })
}

/** One-time codes were taken away. */
export function disenrolled(): void {
  if (session.state !== 'active') return
  set({ ...session, identity: { ...session.identity, totp: false, step_up: 'password' } })
}

/** How many recovery codes there are now. */
export function recoveryCodes(left: number): void {
  if (session.state !== 'active') return
  set({ ...session, identity: { ...session.identity, recovery_codes: left } })
}

/** Forgets the log-in. */
export function end(): void {
  token = ''
  set({ state: 'anonymous' })
}

/** Keeps the page and asks for a new log-in, if anybody was logged in. */
export function expire(): void {
  token = ''
  if (session.state === 'active') set({ state: 'expired', identity: session.identity })
  else if (session.state === 'starting') set({ state: 'anonymous' })
}

/** Settles once an expired session is active again (true) or given up (false). */
export async function renewed(): Promise<boolean> {
  if (session.state !== 'expired') return session.state === 'active'
  return new Promise((resolve) => {
    const stop = subscribeSession(() => {
      if (session.state === 'expired') return
      stop()
      resolve(session.state === 'active')
    })
  })
}
