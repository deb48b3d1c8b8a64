import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { after, api, body, type Schemas } from './client'
import { applicationKey, listsKey } from './command'
import { whyOf } from './why'

export type Application = Schemas['Application']
export type Status = Schemas['Status']
export type Form = Schemas['Form']
export type Row = Schemas['Row']
export type ItemView = Schemas['ItemView']
export type Stage = Schemas['Stage']

export const applicationQuery = (id: string) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'detail'],
    queryFn: async ({ signal }) =>
      body(
        await api.GET('/v1/applications/{id}', {
          params: { path: { id }, query: { after: after(), why: whyOf(id) } },
          signal,
        }),
      ),
  })

export const statusQuery = (id: string) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'status'],
    queryFn: async ({ signal }) =>
      body(
        await api.GET('/v1/applications/{id}/status', {
          params: { path: { id }, query: { after: after(), why: whyOf(id) } },
          signal,
        }),
      ),
  })

export const formQuery = (id: string) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'form'],
    queryFn: async ({ signal }) =>
      body(await api.GET('/v1/applications/{id}/form', { params: { path: { id } }, signal })),
  })

export const findingsQuery = (id: string, revision: number) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'findings', revision],
    queryFn: async ({ signal }) =>
      body(await api.GET('/v1/applications/{id}/findings', { params: { path: { id } }, signal })),
  })

export const actionsQuery = (id: string, revision: number) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'actions', revision],
    queryFn: async ({ signal }) =>
      body(
        await api.GET('/v1/applications/{id}/actions', {
          params: { path: { id }, query: { why: whyOf(id) } },
          signal,
        }),
      ),
  })

export const applicationsQuery = (filter: { q?: string | undefined; stage?: Stage | undefined }) =>
  infiniteQueryOptions({
    queryKey: [...listsKey, 'applications', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam }) =>
      body(
        await api.GET('/v1/applications', {
          params: { query: { ...filter, cursor: pageParam, after: after() } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  })

/** Asks for clear values; the look is recorded with its reason. */
export async function reveal(id: string, items: string[], why: string): Promise<Record<string, string>> {
  const answer = body(
    await api.POST('/v1/applications/{id}/reveal', { params: { path: { id } }, body: { items, why } }),
  )
  return answer.values
}
