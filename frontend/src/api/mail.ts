import { queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from './client'
import { applicationKey } from './command'
import { whyOf } from './why'

export type UndeliveredMail = Schemas['UndeliveredMail']

/** How the mail server takes our mails; asked for again by itself, since no change is streamed. */
export const mailServerQuery = queryOptions({
  queryKey: ['mail-server'],
  queryFn: async ({ signal }) => body(await api.GET('/v1/mail-server', { signal })),
  refetchInterval: 60_000,
})

/** What did not reach the merchant of an application. */
export const undeliveredQuery = (id: string) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'undelivered'],
    queryFn: async ({ signal }) =>
      body(
        await api.GET('/v1/applications/{id}/undelivered-mails', {
          params: { path: { id }, query: { why: whyOf(id) } },
          signal,
        }),
      ),
  })
