import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from '@/api/client'
import { applicationKey, listsKey, useCommand, type Command } from '@/api/command'

export type Sample = Schemas['Sample']
export type SampleRow = Schemas['SampleRow']
export type Verdict = Schemas['Verdict']
/** One thing that a second person would have the merchant put right. */
export type Fault = NonNullable<Verdict['reasons']>[number]

export const samplesQuery = infiniteQueryOptions({
  queryKey: [...listsKey, 'samples'],
  initialPageParam: undefined as string | undefined,
  queryFn: async ({ signal, pageParam }) =>
    body(await api.GET('/v1/samples', { params: { query: { cursor: pageParam, limit: 20 } }, signal })),
  getNextPageParam: (page) => page.next,
})

export const sampleQuery = (sample: string) =>
  queryOptions({
    queryKey: applicationKey(sample),
    queryFn: async ({ signal }) =>
      body(await api.GET('/v1/samples/{sample}', { params: { path: { sample } }, signal })),
  })

export function useJudge({ id, revision }: Sample): Command<Verdict> {
  return useCommand(id, revision, (verdict, header) =>
    api.PUT('/v1/samples/{sample}/verdict', { params: { path: { sample: id }, header }, body: verdict }),
  )
}

/** Asks for a clear value of the evidence; the look is recorded with its reason. */
export async function revealOf(sample: string, item: string, why: string): Promise<string> {
  const { values } = body(
    await api.POST('/v1/samples/{sample}/reveal', {
      params: { path: { sample } },
      body: { items: [item], why },
    }),
  )
  return values[item] ?? ''
}
