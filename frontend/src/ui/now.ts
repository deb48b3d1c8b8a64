import { useSyncExternalStore } from 'react'

// One clock for the page: everything that counts down ticks together, twice a
// minute, and not at all while the tab is hidden.
const every = 30_000
const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  timer ??= setInterval(() => {
    if (document.hidden) return
    now = Date.now()
    for (const each of listeners) each()
  }, every)
  return () => {
    listeners.delete(tell)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The present moment in milliseconds, to half a minute. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}
