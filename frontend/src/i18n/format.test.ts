import { describe, expect, it } from 'vitest'
import { formats } from './format'

describe('the end of a period', () => {
  const { until, moment } = formats('en', (day) => `the end of ${day}`)

  it('is told by its last day where it ends at midnight in Beijing', () => {
    expect(until('2026-12-16T16:00:00Z')).toBe('the end of Dec 16, 2026')
    expect(until('2026-12-17T00:00:00+08:00')).toBe('the end of Dec 16, 2026')
  })

  it('is a moment where it ends within a day', () => {
    for (const iso of ['2026-12-16T16:00:01Z', '2026-12-17T00:00:00Z']) expect(until(iso)).toBe(moment(iso))
  })
})
