import { useLayoutEffect, useRef, useSyncExternalStore } from 'react'
import { createKeybindingsHandler } from 'tinykeys'
import { preferences } from './preferences'

/**
 * One key that does one thing. Keys are bound by where they lie (event.code,
 * "KeyJ"), since a character binding does nothing while a Chinese input method
 * is on.
 */
export interface KeyBinding {
  /** In tinykeys' notation: "KeyJ", "$mod+Enter", "KeyG KeyQ". */
  keys: string
  /** Already translated; shown in the sheet of keys. */
  label: string
  /** Heading in the sheet; already translated. */
  group: string
  run: (event: KeyboardEvent) => void
  disabled?: boolean
}

interface Layer {
  bindings: readonly KeyBinding[]
}

const layers = new Set<Layer>()
const listeners = new Set<() => void>()
let snapshot: readonly KeyBinding[] = []
let signature = ''
let handle: (event: KeyboardEvent) => void = () => undefined

function active(): KeyBinding[] {
  return [...layers].flatMap((layer) => layer.bindings.filter((binding) => !binding.disabled))
}

// The handler keeps the progress of sequences ("G then Q"), so it is made anew
// only when the set of keys changes; what a key does is looked up when pressed.
function rebuild(): void {
  const bindings = active()
  const next = bindings.map((b) => `${b.keys}\t${b.group}\t${b.label}`).join('\n')
  if (next === signature) return
  signature = next
  snapshot = bindings
  handle = createKeybindingsHandler(
    Object.fromEntries(
      bindings.map(({ keys }) => [
        keys,
        (event: KeyboardEvent) => {
          if (single(keys) && (!preferences().singleKeys || inField(event))) return
          const binding = active().findLast((b) => b.keys === keys)
          if (!binding) return
          event.preventDefault()
          binding.run(event)
        },
      ]),
    ),
  )
  for (const tell of listeners) tell()
}

function single(keys: string): boolean {
  return !/(\$mod|Control|Meta|Alt)\+/.test(keys)
}

// A key that types a character, or works a control, belongs to that control. A
// check box takes none but the space bar, and keeps the focus after it was clicked.
function inField(event: KeyboardEvent): boolean {
  const target = event.target
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    !!target.closest('input:not([type=checkbox]), textarea, select, [role=combobox], [role=listbox]')
  )
}

// While a dialog is open the page behind it does not listen.
function behindDialog(event: KeyboardEvent): boolean {
  const dialog = document.querySelector('[role=dialog][aria-modal=true]')
  return (
    dialog !== null &&
    dialog.checkVisibility() &&
    !(event.target instanceof Node && dialog.contains(event.target))
  )
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.isComposing || event.defaultPrevented || event.repeat || behindDialog(event)) return
  handle(event)
}

/** Binds keys while the component is on the page. */
export function useKeys(bindings: readonly KeyBinding[]): void {
  const layer = useRef<Layer>({ bindings })
  useLayoutEffect(() => {
    layer.current.bindings = bindings
    rebuild()
  })
  useLayoutEffect(() => {
    const mine = layer.current
    if (layers.size === 0) window.addEventListener('keydown', onKeyDown)
    layers.add(mine)
    rebuild()
    return () => {
      layers.delete(mine)
      if (layers.size === 0) window.removeEventListener('keydown', onKeyDown)
      rebuild()
    }
  }, [])
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

/** The keys that work at this moment, for the sheet. */
export function useActiveKeys(): readonly KeyBinding[] {
  return useSyncExternalStore(subscribe, () => snapshot)
}
