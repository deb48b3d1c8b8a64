import { queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from '@/api/client'

export type Statistics = Schemas['Statistics']

export const statisticsQuery = (days: number) =>
  queryOptions({
    queryKey: ['statistics', days],
    queryFn: async ({ signal }) => {
      const query = { from: daysAgo(days - 1, Date.now()) }
      return body(await api.GET('/v1/statistics', { params: { query }, signal }))
    },
    refetchInterval: 60_000,
  })

/** The platform's day so many days before a moment; Shanghai keeps no summer time. */
export function daysAgo(days: number, now: number): string {
  return new Date(now + 8 * 3_600_000 - days * 86_400_000).toISOString().slice(0, 10)
}
