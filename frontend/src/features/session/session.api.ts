import { api, body, type Schemas } from '@/api/client'
import { begin } from '@/api/session'

/** Logs in and keeps the token in memory. */
export async function login(request: Schemas['LoginRequest']): Promise<void> {
  begin(body(await api.POST('/v1/auth/login', { body: request })))
}

/** Sets the first password with the token of the activation mail and logs in. */
export async function activate(token: string, password: string): Promise<void> {
  begin(body(await api.POST('/v1/auth/activation', { body: { token, password } })))
}
