import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { after, api, body, type Schemas } from '@/api/client'
import { listsKey } from '@/api/command'

export type Member = Schemas['Member']

const teamKey = ['team'] as const

export const teamQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: [...teamKey, q],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam }) =>
      body(
        await api.GET('/v1/team', { params: { query: { q, cursor: pageParam, after: after() } }, signal }),
      ),
    getNextPageParam: (page) => page.next,
  })

/** One thing that a lead notes about a person. */
export type Noting =
  | { languages: Member['languages']; products: Member['products'] }
  | { away: true; until?: string }
  | { away: false }

export function useNote(person: string) {
  const queries = useQueryClient()
  return useMutation({
    networkMode: 'always',
    mutationFn: async (noting: Noting) => {
      const params = { path: { person } }
      if ('languages' in noting)
        return body(await api.PUT('/v1/team/{person}/skills', { params, body: noting }))
      if (!noting.away) return body(await api.DELETE('/v1/team/{person}/leave', { params }))
      return body(
        await api.PUT('/v1/team/{person}/leave', {
          params,
          body: noting.until ? { until: noting.until } : {},
        }),
      )
    },
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: teamKey }),
        queries.invalidateQueries({ queryKey: ['people'] }),
        queries.invalidateQueries({ queryKey: listsKey }),
      ]),
  })
}
