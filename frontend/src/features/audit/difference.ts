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

function flatten(value: unknown, path: string[], out: Map<string, { path: string[]; text: string }>): void {
  if (value === undefined || value === null) return
  if (Array.isArray(value)) {
    value.forEach((element: unknown, index) => {
      flatten(element, [...path, nameOf(element, index)], out)
    })
    return
  }
  if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      if (noise.has(key) || (key === 'key' && path[0] === 'items')) continue
      flatten(inner, [...path, key], out)
    }
    return
  }
  out.set(path.join('\u0000'), { path, text: String(value as string | number | boolean) })
}

/** Compares two documents field by field; lists are compared by name, not by place. */
export function differences(before: unknown, after: unknown): Difference[] {
  const old = new Map<string, { path: string[]; text: string }>()
  const now = new Map<string, { path: string[]; text: string }>()
  flatten(before, [], old)
  flatten(after, [], now)
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
