import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { after, api, body, noteWrite } from '@/api/client'
import { listsKey } from '@/api/command'
import type { Filters, QueueName } from './filters'

export const queuesQuery = queryOptions({
  queryKey: [...listsKey, 'queues'],
  queryFn: async ({ signal }) =>
    body(await api.GET('/v1/queues', { params: { query: { after: after() } }, signal })),
})

export const deskQuery = queryOptions({
  queryKey: [...listsKey, 'desk'],
  queryFn: async ({ signal }) =>
    body(await api.GET('/v1/me/desk', { params: { query: { after: after() } }, signal })),
})

export const queueQuery = (queue: QueueName, filters: Filters) =>
  infiniteQueryOptions({
    queryKey: [...listsKey, 'queue', queue, filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam }) =>
      body(
        await api.GET('/v1/queues/{queue}', {
          params: { path: { queue }, query: { ...filters, cursor: pageParam, after: after() } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
    // Rows never move under the cursor; the reader asks for what is new.
    refetchOnWindowFocus: false,
  })

/** Claims whatever the server finds most urgent; undefined when nothing waits. */
export async function claimNext(queue: QueueName, key: string): Promise<string | undefined> {
  const answer = await api.POST('/v1/queues/{queue}/next', {
    params: { path: { queue }, header: { 'Idempotency-Key': key } },
  })
  const claimed = body(answer)
  noteWrite(answer.response)
  return claimed?.id
}
