/** A rectangle on a page, as parts of its width and height: 0 to 1. */
export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

const part = (value: number) => Math.min(1, Math.max(0, value))

/** The rectangle between two corners, wherever the drag began. */
export function between(a: { x: number; y: number }, b: { x: number; y: number }): Rectangle {
  const [left, right] = [part(Math.min(a.x, b.x)), part(Math.max(a.x, b.x))]
  const [top, bottom] = [part(Math.min(a.y, b.y)), part(Math.max(a.y, b.y))]
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** Too small a rectangle is a slip of the hand. */
export function covers(r: Rectangle | undefined): r is Rectangle {
  return r !== undefined && r.width >= 0.005 && r.height >= 0.005
}

/** One side changed by keyboard; the rectangle stays on the page. */
export function edited(r: Rectangle, side: keyof Rectangle, value: number): Rectangle {
  const next = { ...r, [side]: part(value) }
  return {
    ...next,
    width: Math.min(next.width, 1 - next.x),
    height: Math.min(next.height, 1 - next.y),
  }
}
