import { useSyncExternalStore } from 'react'

/** What a person sets for this browser. Nothing here is personal data. */
export interface Preferences {
  scheme: 'system' | 'light' | 'dark'
  /** Single-letter keys can be switched off (WCAG 2.1.4). */
  singleKeys: boolean
}

const key = 'alta.preferences'
const defaults: Preferences = { scheme: 'system', singleKeys: true }
const listeners = new Set<() => void>()
let current = read()

function read(): Preferences {
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Preferences>) }
  } catch {
    return defaults
  }
}

export function preferences(): Preferences {
  return current
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change }
  try {
    localStorage.setItem(key, JSON.stringify(current))
  } catch {
    // A browser that stores nothing still shows the choice until it is closed.
  }
  for (const tell of listeners) tell()
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences)
}

const darkQuery = '(prefers-color-scheme: dark)'

function subscribeSystem(tell: () => void): () => void {
  const media = matchMedia(darkQuery)
  media.addEventListener('change', tell)
  return () => {
    media.removeEventListener('change', tell)
  }
}

/** The colour scheme in force: the person's choice, else the system's. */
export function useScheme(): 'light' | 'dark' {
  const { scheme } = usePreferences()
  const systemDark = useSyncExternalStore(subscribeSystem, () => matchMedia(darkQuery).matches)
  if (scheme !== 'system') return scheme
  return systemDark ? 'dark' : 'light'
}
