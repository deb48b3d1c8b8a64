import { useSyncExternalStore } from 'react'
import type { paths } from './schema.gen'

/** What a list is read from; each is behind the record by itself. */
export type Source = 'lists' | 'reports'

/** That what was answered last is not up to date: as of when it is, and for how many seconds. */
export interface Age {
  /** Undefined where it was not compared with the record yet. */
  asOf?: string | undefined
  behind?: number | undefined
}

type Named<T> = keyof { [K in keyof T as string extends K ? never : K]: T[K] }

/** The paths whose GET says, by the contract, where its answer is not up to date. */
type Aged = {
  [P in keyof paths]: paths[P] extends { get: { responses: { 200: { headers: infer H } } } }
    ? 'Alta-Behind' extends Named<H>
      ? P
      : never
    : never
}[keyof paths]

// A path that the contract adds, or drops, does not compile without its row here.
const sources: Record<Aged, Source> = {
  '/v1/applications': 'lists',
  '/v1/applications/{id}/duplicates': 'lists',
  '/v1/me/desk': 'lists',
  '/v1/queues': 'lists',
  '/v1/queues/{queue}': 'lists',
  '/v1/samples': 'reports',
  '/v1/set-aside': 'lists',
  '/v1/statistics': 'reports',
  '/v1/team': 'lists',
}

const claimNext = '/v1/queues/{queue}/next'
const listeners = new Set<() => void>()
const ages: Partial<Record<Source, Age | undefined>> = {}

/** Takes from an answer how old it is. One that says nothing of it is up to date. */
export function noteAge(method: string, path: string, response: Response): void {
  const source =
    method === 'GET' ? (sources as Record<string, Source>)[path] : path === claimNext ? 'lists' : undefined
  if (!source || !response.ok) return
  const behind = response.headers.get('Alta-Behind')
  const age = behind === null ? undefined : read(behind, response.headers.get('Alta-As-Of'))
  const before = ages[source]
  if (before?.asOf === age?.asOf && before?.behind === age?.behind && !before === !age) return
  ages[source] = age
  for (const tell of listeners) tell()
}

function read(behind: string, asOf: string | null): Age {
  const seconds = Number.parseInt(behind, 10)
  return asOf !== null && Number.isFinite(seconds) ? { asOf, behind: seconds } : {}
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => {
    listeners.delete(tell)
  }
}

/** How old the newest answer of a source was; undefined while it is up to date. */
export function useAge(source: Source): Age | undefined {
  return useSyncExternalStore(subscribe, () => ages[source])
}
