/** How far back the page looks, in days: whole weeks, so that weekends weigh the same. */
export const ranges = { week: 7, month: 28, quarter: 91, year: 364 } as const
export type Range = keyof typeof ranges

export function readRange(search: Record<string, unknown>): { range?: Range } {
  const { range } = search
  return typeof range === 'string' && range in ranges ? { range: range as Range } : {}
}
