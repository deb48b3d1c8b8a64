import { authorised } from './client'
import { toProblem } from './problem'

/** One page of one document, as an image. */
export interface PageRequest {
  application: string
  /** Where a sample stands in for the application, whose id is not known then. */
  kind?: 'applications' | 'samples' | undefined
  document: string
  page: number
  size: 'view' | 'thumbnail'
  /** Why an auditor looks; recorded with the look. */
  why?: string | undefined
}

const keep = 24
const pages = new Map<string, Promise<string>>()

function nameOf(request: PageRequest): string {
  return [request.application, request.document, request.page, request.size].join('/')
}

/**
 * Fetches a page with the bearer token and answers an object URL. Nothing that
 * could be used again ends up in the history, in a log or in a copied link. The
 * last few pages are kept; the others are revoked.
 */
export async function loadPage(request: PageRequest): Promise<string> {
  const name = nameOf(request)
  const known = pages.get(name)
  if (known) {
    pages.delete(name)
    pages.set(name, known)
    return known
  }
  const fetched = fetchPage(request)
  pages.set(name, fetched)
  fetched.catch(() => pages.delete(name))
  trim(keep)
  return fetched
}

async function fetchPage({
  application,
  kind = 'applications',
  document,
  page,
  size,
  why,
}: PageRequest): Promise<string> {
  const query = new URLSearchParams({ page: String(page), size })
  if (why) query.set('why', why)
  const path = `/v1/${kind}/${application}/files/${encodeURIComponent(document)}?${query.toString()}`
  const response = await authorised(new Request(new URL(path, location.origin)))
  if (!response.ok) {
    throw toProblem(await response.json().catch(() => undefined), response.status)
  }
  return URL.createObjectURL(await response.blob())
}

function trim(limit: number): void {
  while (pages.size > limit) {
    const [oldest] = pages
    if (!oldest) return
    pages.delete(oldest[0])
    oldest[1].then(
      (url) => {
        URL.revokeObjectURL(url)
      },
      () => undefined,
    )
  }
}

/** Revokes every image, also when one was covered for good, and for the end of a session. */
export function forgetPages(): void {
  trim(0)
}
