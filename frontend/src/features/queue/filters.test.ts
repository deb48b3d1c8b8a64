import { describe, expect, it } from 'vitest'
import { isQueueName, readFilters } from './filters'

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

  it('know the queues by name', () => {
    expect(isQueueName('icp')).toBe(true)
    expect(isQueueName('lunch')).toBe(false)
  })
})
