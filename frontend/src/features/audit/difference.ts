import i18next from 'i18next'

/** One field that differs between two moments. */
export interface Difference {
  /** Names from the outside in: ["items", "bank.number", "state"]. */
  path: string[]
  sign: 'added' | 'removed' | 'changed'
  before?: string
  after?: string
}

// Facts that change with every event say nothing about what happened.
const noise = new Set(['revision', 'updated_at'])

function nameOf(element: unknown, index: number): string {
  if (typeof element === 'object' && element !== null) {
    for (const key of ['key', 'id', 'check', 'consent', 'stage'] as const) {
      const value = (element as Record<string, unknown>)[key]
      if (typeof value === 'string') return value
    }
    return String(index + 1)
  }
  return String(element)
}

interface Leaf {
  path: string[]
  text: string
}

// Somebody who acted is one fact, not an id and a role.
function actorId(value: object): string | undefined {
  return 'id' in value && 'role' in value && typeof value.id === 'string' ? value.id : undefined
}

// A text in three languages is one fact, in the reader's.
function textOf(value: object): string | undefined {
  if (!('zh-CN' in value && 'en' in value)) return undefined
  const texts = value as Record<string, unknown>
  const text = texts[i18next.language] ?? texts.en
  return typeof text === 'string' ? text : undefined
}

// The key tells two leaves apart; the path is what a reader is shown.
function flatten(value: unknown, key: string, path: string[], out: Map<string, Leaf>): void {
  if (value === undefined || value === null) return
  if (Array.isArray(value)) {
    value.forEach((element: unknown, index) => {
      const name = nameOf(element, index)
      const inner = typeof element === 'object' ? [...path, name] : path
      flatten(element, `${key}\u0000${name}`, inner, out)
    })
    return
  }
  if (typeof value !== 'object') {
    out.set(key, { path, text: String(value as string | number | boolean) })
    return
  }
  const whole = actorId(value) ?? textOf(value)
  if (whole !== undefined) {
    out.set(key, { path, text: whole })
    return
  }
  for (const [name, inner] of Object.entries(value)) {
    if (noise.has(name) || (name === 'key' && path[0] === 'items')) continue
    flatten(inner, `${key}\u0000${name}`, [...path, name], out)
  }
}

/** Compares two documents field by field; lists are compared by name, not by place. */
export function differences(before: unknown, after: unknown): Difference[] {
  const old = new Map<string, Leaf>()
  const now = new Map<string, Leaf>()
  flatten(before, '', [], old)
  flatten(after, '', [], now)
  const out: Difference[] = []
  for (const [key, { path, text }] of now) {
    const was = old.get(key)
    if (!was) out.push({ path, sign: 'added', after: text })
    else if (was.text !== text) out.push({ path, sign: 'changed', before: was.text, after: text })
  }
  for (const [key, { path, text }] of old) {
    if (!now.has(key)) out.push({ path, sign: 'removed', before: text })
  }
  return out
}
