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
  assignee: ['none', 'me'],
} as const

export type FacetName = keyof typeof choices
export const facets = Object.keys(choices) as FacetName[]

/** The filters of a queue as they stand in the address, so that a link shows the same list. */
export type Filters = { [F in FacetName]?: (typeof choices)[F][number] } & {
  reason?: string
  round?: number
  sort?: 'priority' | 'age'
}

/** Reads an address; what it does not understand it leaves out. */
export function readFilters(search: Record<string, unknown>): Filters {
  const filters: Record<string, unknown> = {}
  for (const facet of facets) {
    const value = search[facet]
    if ((choices[facet] as readonly unknown[]).includes(value)) filters[facet] = value
  }
  if (typeof search.reason === 'string' && /^R\d{2}$/.test(search.reason)) filters.reason = search.reason
  const round = Number(search.round)
  if (Number.isInteger(round) && round >= 1) filters.round = round
  if (search.sort === 'priority' || search.sort === 'age') filters.sort = search.sort
  return filters
}
