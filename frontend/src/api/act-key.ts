import { useRef } from 'react'

/**
 * The idempotency key of an act that has no revision yet (a registration): the
 * same content is the same act and keeps its key; other content is another act.
 */
export function useActKey(): (content: unknown) => string {
  const last = useRef<{ content: string; key: string }>(undefined)
  return (content) => {
    const text = JSON.stringify(content)
    if (last.current?.content !== text) last.current = { content: text, key: crypto.randomUUID() }
    return last.current.key
  }
}
