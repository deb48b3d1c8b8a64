import { describe, expect, it } from 'vitest'
import { fit, pan, turnRight, wholePage, zoomBy } from './viewer-geometry'

const card = { width: 1000, height: 600 }
const frame = { width: 500, height: 500 }

describe('the document viewer', () => {
  it('fits the page into the frame', () => {
    expect(fit(card, frame, 0)).toBe(0.5)
  })

  it('fits a page that lies on its side by its turned box', () => {
    expect(fit(card, { width: 300, height: 1000 }, 90)).toBe(0.5)
  })

  it('turns all the way round in four steps', () => {
    let view = wholePage
    for (let i = 0; i < 4; i++) view = turnRight(view)
    expect(view).toEqual(wholePage)
  })

  it('never shows less than the whole page, and then centres it', () => {
    const near = { ...wholePage, zoom: 2, x: 40, y: 10 }
    expect(zoomBy(near, 0.1)).toEqual(wholePage)
  })

  it('never loses the page beyond the edge of the frame', () => {
    const near = zoomBy(wholePage, 2)
    const moved = pan(near, 9999, 9999, card, frame)
    expect(moved).toMatchObject({ x: 250, y: 50 })
    expect(pan(wholePage, 30, 30, card, frame)).toMatchObject({ x: 0, y: 0 })
  })
})
