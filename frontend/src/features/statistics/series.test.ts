import { expect, test } from 'vitest'
import { binsOf, ended, labelled, share, summed, ticks, together } from './series'
import { daysAgo } from './statistics.api'

const days = (count: number) =>
  Array.from({ length: count }, (_, i) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10))

test('a month is drawn day by day', () => {
  const bins = binsOf(days(28))
  expect(bins.size).toBe(1)
  expect(summed([1, 2, 3], { size: 1, starts: [] })).toEqual([1, 2, 3])
})

test('a year is drawn week by week, and the week under way is not cut', () => {
  const bins = binsOf(days(365))
  expect(bins.size).toBe(7)
  expect(bins.starts).toHaveLength(52)
  expect(bins.starts[0]).toBe('2026-01-02')
  const ones = Array.from({ length: 365 }, () => 1)
  expect(new Set(summed(ones, bins))).toEqual(new Set([7]))
  const rising = Array.from({ length: 365 }, (_, i) => i)
  expect(ended(rising, bins).at(-1)).toBe(364)
})

test('the scale ends in round numbers and holds the highest value', () => {
  expect(ticks(0)).toEqual([0, 1])
  expect(ticks(3)).toEqual([0, 1, 2, 3])
  expect(ticks(7)).toEqual([0, 2, 4, 6, 8])
  expect(ticks(412)).toEqual([0, 200, 400, 600])
})

test('a share of nothing is no share', () => {
  expect(share(0, 0)).toBeUndefined()
  expect(share(3, 1)).toBe(0.75)
})

test('series are added day by day', () => {
  expect(together([1, 2], [10, 20])).toEqual([11, 22])
})

test('the last day is always written', () => {
  expect([...labelled(28, 5)]).toContain(27)
  expect(labelled(28, 5).size).toBeLessThanOrEqual(5)
})

test('a day is the platform’s day, wherever the reader is', () => {
  expect(daysAgo(0, Date.UTC(2026, 10, 22, 17, 0))).toBe('2026-11-23')
  expect(daysAgo(27, Date.UTC(2026, 10, 23, 2, 0))).toBe('2026-10-27')
})
