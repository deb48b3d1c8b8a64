/** A number for each day, or for each bin of days. */
export type Series = readonly number[]

export const sum = (series: Series): number => series.reduce((all, n) => all + n, 0)

/** Adds series of equal length. */
export function together(...all: Series[]): number[] {
  return (all[0] ?? []).map((_, i) => all.reduce((n, series) => n + (series[i] ?? 0), 0))
}

/** Neighbouring days drawn as one point: single days, or weeks where there are many. */
export interface Bins {
  /** Days in a bin. */
  size: number
  /** The first day of each bin. */
  starts: string[]
}

const mostBins = 60

/** Lays days into bins. The last bin is whole; days that do not fill a first one are left out. */
export function binsOf(days: readonly string[]): Bins {
  const size = days.length > mostBins ? 7 : 1
  const skip = days.length % size
  return { size, starts: days.filter((_, i) => i >= skip && (i - skip) % size === 0) }
}

function chunks(series: Series, size: number): number[][] {
  const skip = series.length % size
  const out: number[][] = []
  for (let i = skip; i < series.length; i += size) out.push(series.slice(i, i + size))
  return out
}

/** What came together in each bin. */
export const summed = (series: Series, { size }: Bins): number[] => chunks(series, size).map(sum)

/** What stood at the end of each bin. */
export const ended = (series: Series, { size }: Bins): number[] =>
  chunks(series, size).map((chunk) => chunk.at(-1) ?? 0)

/** A part of a whole, from 0 to 1; undefined of nothing. */
export const share = (part: number, rest: number): number | undefined =>
  part + rest > 0 ? part / (part + rest) : undefined

/** Round numbers from 0 to at least the highest, at most four steps. */
export function ticks(highest: number): number[] {
  if (highest <= 0) return [0, 1]
  const rough = highest / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? power * 10)
  const out = [0]
  while ((out.at(-1) ?? 0) < highest) out.push((out.at(-1) ?? 0) + step)
  return out
}

/** Which bins have their day written below, so that the words do not touch. */
export function labelled(count: number, room: number): Set<number> {
  const most = Math.max(2, Math.floor(room))
  const step = Math.max(1, Math.ceil(count / most))
  const out = new Set<number>()
  for (let i = count - 1; i >= 0; i -= step) out.add(i)
  return out
}
