import createClient from 'openapi-fetch'
import { currentLanguage } from '@/i18n'
import { noteAge } from './age'
import { ProblemError, toProblem } from './problem'
import type { components, paths } from './schema.gen'
import { begin, currentToken, expire, renewed } from './session'
import { askForProof, proofFor, type Purpose } from './step-up'

export type Schemas = components['schemas']

/**
 * Exchanges the refresh cookie for an access token. Only one tab at a time does
 * so: a refresh token works once, and two at once would look like theft. Answers
 * false when there is nothing to renew.
 */
export async function refresh(spent: string): Promise<boolean> {
  return navigator.locks.request('alta.refresh', async () => {
    // Another request of this tab may have renewed while this one waited.
    if (currentToken() !== spent) return true
    let response: Response
    try {
      response = await fetch('/v1/auth/refresh', { method: 'POST', credentials: 'same-origin' })
    } catch (cause) {
      throw toProblem(cause)
    }
    if (!response.ok) return false
    begin((await response.json()) as Schemas['Session'])
    return true
  })
}

async function send(request: Request, token: string, proof?: string): Promise<Response> {
  const headers = new Headers(request.headers)
  if (proof) headers.set('Alta-Step-Up', proof)
  if (token) headers.set('Authorization', `Bearer ${token}`)
  headers.set('Accept-Language', currentLanguage())
  try {
    return await fetch(new Request(request, { headers }))
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw toProblem(cause)
  }
}

/**
 * Sends a request as the person who is logged in. An expired token is renewed
 * and the request sent again with the same headers; when it cannot be renewed, a
 * dialog asks for the password and the request waits for it, so that a
 * half-finished decision is not lost. The same holds for acts that need a proof
 * of presence.
 */
export async function authorised(request: Request): Promise<Response> {
  const again = request.clone()
  const response = await renewing(request)
  const purpose = await proofWanted(response)
  if (!purpose) return response
  const proof = proofFor(purpose) ?? (await askForProof(purpose))
  return proof ? send(again, currentToken(), proof) : response
}

/** The purpose for which a refusal asks for a proof of presence. */
async function proofWanted(response: Response): Promise<Purpose | undefined> {
  if (response.status !== 403) return undefined
  try {
    const problem = (await response.clone().json()) as Partial<Schemas['Problem']>
    return problem.code === 'step-up-required' ? (problem.params?.purpose as Purpose) : undefined
  } catch {
    return undefined
  }
}

async function renewing(request: Request): Promise<Response> {
  const again = request.clone()
  const token = currentToken()
  const response = await send(request, token)
  if (response.status !== 401 || token === '') return response
  if (!(await refresh(token))) {
    expire()
    if (!(await renewed())) return response
  }
  return send(again, currentToken())
}

/** The typed client of the API; see api/openapi.yaml for what it offers. */
export const api = createClient<paths>({
  baseUrl: typeof location === 'undefined' ? '/' : location.origin,
  fetch: authorised,
  credentials: 'same-origin',
})

api.use({
  onResponse: ({ request, response, schemaPath }) => {
    noteAge(request.method, schemaPath, response)
  },
})

/** The answer's body, or the problem as an error. */
export function body<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (!answer.response.ok) throw toProblem(answer.error, answer.response.status)
  return answer.data as T
}

let reached: string | undefined

/** Remembers how far into the log this browser has written. */
export function noteWrite(response: Response): void {
  const position = response.headers.get('Alta-Position')
  if (position) noteReached(position)
}

/** Remembers a position that others have written; positions sort as text. */
export function noteReached(position: string): void {
  if (reached === undefined || position > reached) reached = position
}

/** The position that a read must have reached to show this browser's own writes. */
export function after(): string | undefined {
  return reached
}

export { ProblemError }
