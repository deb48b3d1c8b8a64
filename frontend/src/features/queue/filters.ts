import type { Schemas } from '@/api/client'

export const queueNames = [
  'qualification',
  'second_approval',
  'icp',
  'website',
  'contract',
  'correction',
  'breached',
  'mine',
] as const satisfies readonly Schemas['QueueName'][]
export type QueueName = (typeof queueNames)[number]

export function isQueueName(name: string): name is QueueName {
  return (queueNames as readonly string[]).includes(name)
}

export const choices = {
  kind: ['individual', 'enterprise'],
  product: ['wechat', 'alipay', 'online_banking'],
  risk: ['block', 'warn', 'hint'],
  language: ['zh-CN', 'es', 'en'],
} as const

export type FacetName = keyof typeof choices
export const facets = Object.keys(choices) as FacetName[]

/** How soon something is due, in hours: overdue or within the rest of the day's work, and so on. */
export const dueWithin = [4, 24, 72, 168] as const

/** The filters of a queue as they stand in the address, so that a link shows the same list. */
export type Filters = { [F in FacetName]?: (typeof choices)[F][number] } & {
  reason?: string
  round?: number
  /** An account's id, "none" or "me". */
  assignee?: string
  /** An agent's organisation. */
  agent?: string
  due_before?: string
  due_within?: number
  sort?: 'priority' | 'age'
}

/** Reads an address, or a saved view; what it does not understand it leaves out. */
export function readFilters(search: Record<string, unknown>): Filters {
  const filters: Record<string, unknown> = {}
  for (const facet of facets) {
    const value = search[facet]
    if ((choices[facet] as readonly unknown[]).includes(value)) filters[facet] = value
  }
  if (typeof search.reason === 'string' && /^R\d{2}$/.test(search.reason)) filters.reason = search.reason
  for (const who of ['assignee', 'agent'] as const) {
    const value = search[who]
    if (typeof value === 'string' && value !== '' && value.length <= 64) filters[who] = value
  }
  const round = Number(search.round)
  if (Number.isInteger(round) && round >= 1) filters.round = round
  const within = Number(search.due_within)
  if (Number.isInteger(within) && within >= 1 && within <= 2160) filters.due_within = within
  const before = search.due_before
  if (typeof before === 'string' && !Number.isNaN(Date.parse(before)))
    filters.due_before = new Date(before).toISOString()
  if (search.sort === 'priority' || search.sort === 'age') filters.sort = search.sort
  return filters
}

/** The filters as a saved view keeps them: every value a text. */
export function asText(filters: Filters): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filters)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, String(value)]),
  )
}

/** Whether two sets of filters show the same list. */
export function same(a: Filters, b: Filters): boolean {
  const text = (filters: Filters) => JSON.stringify(Object.entries(asText(filters)).sort())
  return text(a) === text(b)
}
