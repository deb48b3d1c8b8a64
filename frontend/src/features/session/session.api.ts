import { api, body, type Schemas } from '@/api/client'
import { begin } from '@/api/session'

/** Logs in and keeps the token in memory. */
export async function login(request: Schemas['LoginRequest']): Promise<void> {
  begin(body(await api.POST('/v1/auth/login', { body: request })))
}

/** Sets a password with the token of a mail; the log-in follows with it. */
export async function activate(token: string, password: string): Promise<void> {
  body(await api.POST('/v1/auth/activation', { body: { token, password } }))
}

/** Has a link to set a password sent; the answer is the same for any address. */
export async function requestLink(email: string): Promise<void> {
  body(await api.POST('/v1/auth/links', { body: { email } }))
}

/** Asks for a new secret for one-time codes. */
export async function beginTOTP(): Promise<{ secret: string; uri: string }> {
  return body(await api.POST('/v1/me/totp'))
}

/** Confirms the set-up with a first code; from then on one is asked for. */
export async function confirmTOTP(code: string): Promise<void> {
  body(await api.PUT('/v1/me/totp', { body: { code } }))
}
