import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { after, api, body } from '@/api/client'
import { applicationKey } from '@/api/command'
import { whyOf } from '@/api/why'

export const historyQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...applicationKey(id), 'audit-history'],
    initialPageParam: 0,
    queryFn: async ({ signal, pageParam }) =>
      body(
        await api.GET('/v1/applications/{id}/history', {
          params: { path: { id }, query: { from: pageParam, limit: 200, after: after(), why: whyOf(id) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  })

export const momentQuery = (id: string, revision: number) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'moment', revision],
    queryFn: async ({ signal }) =>
      body(
        await api.GET('/v1/applications/{id}/history/{revision}', {
          params: { path: { id, revision }, query: { why: whyOf(id) } },
          signal,
        }),
      ),
    // What was, stays.
    staleTime: Infinity,
  })

export const accessesQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...applicationKey(id), 'accesses'],
    initialPageParam: 0,
    queryFn: async ({ signal, pageParam }) =>
      body(
        await api.GET('/v1/applications/{id}/accesses', {
          params: { path: { id }, query: { from: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  })

export const samplesOfQuery = (id: string) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'samples'],
    queryFn: async ({ signal }) =>
      body(
        await api.GET('/v1/applications/{id}/samples', {
          params: { path: { id }, query: { why: whyOf(id) } },
          signal,
        }),
      ),
  })
