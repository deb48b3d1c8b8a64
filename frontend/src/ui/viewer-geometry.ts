export interface Size {
  width: number
  height: number
}

export interface View {
  /** 1 shows the whole page; more is closer. */
  zoom: number
  /** Quarter turns clockwise, in degrees. */
  turn: 0 | 90 | 180 | 270
  x: number
  y: number
}

export const wholePage: View = { zoom: 1, turn: 0, x: 0, y: 0 }

const closest = 8

/** The scale at which the page, turned as it is, just fits into the frame. */
export function fit(page: Size, frame: Size, turn: View['turn']): number {
  if (page.width === 0 || page.height === 0) return 1
  const sideways = turn % 180 !== 0
  const width = sideways ? page.height : page.width
  const height = sideways ? page.width : page.height
  return Math.min(frame.width / width, frame.height / height)
}

/** Comes closer or steps back, keeping the middle where it is. */
export function zoomBy(view: View, factor: number): View {
  const zoom = Math.min(closest, Math.max(1, view.zoom * factor))
  const change = zoom / view.zoom
  return zoom === 1
    ? { ...view, zoom, x: 0, y: 0 }
    : { ...view, zoom, x: view.x * change, y: view.y * change }
}

/** Turns a quarter clockwise and shows the whole page again. */
export function turnRight(view: View): View {
  return { ...wholePage, turn: ((view.turn + 90) % 360) as View['turn'] }
}

/** Moves the page, never so far that it leaves the frame. */
export function pan(view: View, dx: number, dy: number, page: Size, frame: Size): View {
  const scale = fit(page, frame, view.turn) * view.zoom
  const sideways = view.turn % 180 !== 0
  const width = (sideways ? page.height : page.width) * scale
  const height = (sideways ? page.width : page.height) * scale
  const room = (length: number, space: number) => Math.max(0, (length - space) / 2)
  const clamp = (value: number, limit: number) => Math.max(-limit, Math.min(limit, value))
  return {
    ...view,
    x: clamp(view.x + dx, room(width, frame.width)),
    y: clamp(view.y + dy, room(height, frame.height)),
  }
}
