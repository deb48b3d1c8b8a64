import { queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from '@/api/client'
import { begin } from '@/api/session'
import type { Proof, Purpose } from '@/api/step-up'

/** Logs in and keeps the token in memory. */
export async function login(request: Schemas['LoginRequest']): Promise<void> {
  begin(body(await api.POST('/v1/auth/login', { body: request })))
}

/** How people can log in here. */
export const waysQuery = queryOptions({
  queryKey: ['login-ways'],
  queryFn: async ({ signal }) => body(await api.GET('/v1/auth/login', { signal })),
  staleTime: 5 * 60_000,
})

/** Answers where the identity provider asks who somebody is. */
export async function beginOIDC(): Promise<string> {
  return body(await api.POST('/v1/auth/oidc')).location
}

/** Logs in with what the identity provider sent the browser back with. */
export async function finishOIDC(state: string, code: string): Promise<void> {
  begin(body(await api.PUT('/v1/auth/oidc', { body: { state, code } })))
}

/** Sets a password with the token of a mail; the log-in follows with it. */
export async function activate(token: string, password: string): Promise<void> {
  body(await api.POST('/v1/auth/activation', { body: { token, password } }))
}

/** Has a link to set a password sent; the answer is the same for any address. */
export async function requestLink(email: string): Promise<void> {
  body(await api.POST('/v1/auth/links', { body: { email } }))
}

/** Proves again who the person is; see StepUpDialog. */
export async function provePresence(request: {
  purpose: Purpose
  password: string
  code?: string
  recovery_code?: string
}): Promise<Proof> {
  return body(await api.POST('/v1/auth/step-up', { body: request }))
}

/** The channel on which the identity provider's answer comes back from its window. */
export const stepUpChannel = 'alta.step-up'

/**
 * Proves it at the identity provider, in a window of its own, so that the page
 * stays as it is.
 */
export async function proveAtProvider(purpose: Purpose): Promise<Proof> {
  const opened = window.open('', 'alta-step-up', 'popup,width=520,height=680')
  try {
    const { location } = body(await api.POST('/v1/auth/step-up/oidc', { body: { purpose } }))
    const channel = new BroadcastChannel(stepUpChannel)
    const answer = new Promise<{ state?: string; code?: string }>((settle) => {
      channel.onmessage = (event: MessageEvent<{ state?: string; code?: string }>) => {
        settle(event.data)
      }
    })
    if (opened) opened.location.href = location
    else window.open(location, 'alta-step-up')
    const { state = '', code = '' } = await answer
    channel.close()
    return body(await api.PUT('/v1/auth/step-up/oidc', { body: { state, code } }))
  } finally {
    opened?.close()
  }
}

/** Asks for a new secret for one-time codes. */
export async function beginTOTP(): Promise<{ secret: string; uri: string }> {
  return body(await api.POST('/v1/me/totp'))
}

/** Confirms the set-up with a first code; from then on one is asked for. Answers recovery codes. */
export async function confirmTOTP(code: string): Promise<string[]> {
  return body(await api.PUT('/v1/me/totp', { body: { code } })).recovery_codes
}

/** Does without one-time codes again. */
export async function disableTOTP(): Promise<void> {
  body(await api.DELETE('/v1/me/totp'))
}
