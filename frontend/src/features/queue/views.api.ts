import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body, type Schemas } from '@/api/client'

export type View = Schemas['View']

export const viewsQuery = queryOptions({
  queryKey: ['views'],
  queryFn: async ({ signal }) => body(await api.GET('/v1/views', { signal })),
  staleTime: 60_000,
})

export function useSaveView() {
  const queries = useQueryClient()
  return useMutation({
    networkMode: 'always',
    mutationFn: async ({ id, ...view }: View) =>
      body(await api.PUT('/v1/views/{view}', { params: { path: { view: id } }, body: view })),
    onSuccess: () => queries.invalidateQueries({ queryKey: viewsQuery.queryKey }),
  })
}

export function useRemoveView() {
  const queries = useQueryClient()
  return useMutation({
    networkMode: 'always',
    mutationFn: async ({ id, owner }: View) =>
      body(await api.DELETE('/v1/views/{view}', { params: { path: { view: id }, query: { owner } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: viewsQuery.queryKey }),
  })
}
