import { describe, expect, it } from 'vitest'
import { asText, isQueueName, readFilters, same } from './filters'

describe('the filters in the address', () => {
  it('keep what they understand', () => {
    expect(readFilters({ kind: 'enterprise', reason: 'R03', round: '2', sort: 'age' })).toEqual({
      kind: 'enterprise',
      reason: 'R03',
      round: 2,
      sort: 'age',
    })
  })

  it('leave out what they do not know', () => {
    expect(readFilters({ kind: 'robot', reason: 'R3', round: 'x', sort: 'due', other: 1 })).toEqual({})
  })

  it('know people and agents by id, and two ways to say by when', () => {
    const filters = {
      assignee: 'me',
      agent: 'agency-1',
      due_within: 24,
      due_before: '2026-11-30T10:00:00.000Z',
    }
    expect(readFilters({ ...filters, due_within: '24', due_before: '2026-11-30T18:00:00+08:00' })).toEqual(
      filters,
    )
    expect(readFilters({ due_within: '0', due_before: 'soon', assignee: '' })).toEqual({})
  })

  it('come back from a saved view as they were', () => {
    const filters = readFilters({ kind: 'enterprise', round: 2, due_within: 4, sort: 'age' })
    expect(readFilters(asText(filters))).toEqual(filters)
    expect(same(filters, readFilters(asText(filters)))).toBe(true)
    expect(same(filters, { ...filters, round: 3 })).toBe(false)
  })

  it('know the queues by name', () => {
    expect(isQueueName('icp')).toBe(true)
    expect(isQueueName('lunch')).toBe(false)
  })
})
