import { describe, expect, it } from 'vitest'
import { between, covers, edited } from './rectangle'

describe('the part of a page that is covered', () => {
  it('is the same whichever corner the drag began at', () => {
    const want = { x: 0.2, y: 0.25, width: 0.25, height: 0.5 }
    const corners = [
      { x: 0.2, y: 0.25 },
      { x: 0.45, y: 0.75 },
    ] as const
    for (const got of [between(corners[0], corners[1]), between(corners[1], corners[0])]) {
      for (const side of ['x', 'y', 'width', 'height'] as const) expect(got[side]).toBeCloseTo(want[side])
    }
  })

  it('never leaves the page', () => {
    expect(between({ x: -1, y: 0.5 }, { x: 2, y: 7 })).toEqual({ x: 0, y: 0.5, width: 1, height: 0.5 })
    expect(edited({ x: 0.5, y: 0, width: 0.5, height: 1 }, 'x', 0.9).width).toBeCloseTo(0.1)
    expect(edited({ x: 0.5, y: 0, width: 0.5, height: 1 }, 'width', 3).width).toBe(0.5)
  })

  it('is nothing after a mere click', () => {
    expect(covers(undefined)).toBe(false)
    expect(covers(between({ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 }))).toBe(false)
    expect(covers(between({ x: 0.5, y: 0.5 }, { x: 0.6, y: 0.52 }))).toBe(true)
  })
})
