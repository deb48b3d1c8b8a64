import { useEffect, useRef } from 'react'
import { authorised, noteReached } from './client'

/** An application that changed: which, and to what revision. */
export interface Change {
  id: string
  revision: number
  position: string
}

const channelName = 'alta.changes'

/**
 * Tells what changes on the server. All tabs of a browser share one stream: the
 * tab that holds the lock reads it and passes on what it hears.
 */
export function useChanges(hear: (change: Change) => void): void {
  const latest = useRef(hear)
  useEffect(() => {
    latest.current = hear
  })
  useEffect(() => {
    const stop = new AbortController()
    const channel = new BroadcastChannel(channelName)
    const tell = (change: Change) => {
      // What is read now must show the change that was heard of.
      noteReached(change.position)
      latest.current(change)
    }
    channel.onmessage = ({ data }: MessageEvent<Change>) => {
      tell(data)
    }
    navigator.locks
      .request(channelName, { signal: stop.signal }, () =>
        follow(stop.signal, (change) => {
          tell(change)
          channel.postMessage(change)
        }),
      )
      .catch(() => undefined)
    return () => {
      stop.abort()
      channel.close()
    }
  }, [])
}

const shortest = 1_000
const longest = 60_000

async function follow(signal: AbortSignal, tell: (change: Change) => void): Promise<void> {
  let last = ''
  let wait = shortest
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      if (last) headers['Last-Event-ID'] = last
      const response = await authorised(
        new Request(new URL('/v1/changes', location.origin), { headers, signal }),
      )
      // Whoever may not listen is not asked again.
      if (response.status === 401 || response.status === 403) return
      if (response.ok && response.body) {
        wait = shortest
        for await (const event of events(response.body)) {
          if (event.id) last = event.id
          parse(event.data).forEach(tell)
        }
      }
    } catch {
      // A broken stream is taken up again where it ended, later and later.
    }
    await pause(wait, signal)
    wait = Math.min(wait * 2, longest)
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** The changes of one message; greetings and heartbeats hold none. */
function parse(data: string): Change[] {
  try {
    const value: unknown = JSON.parse(data)
    return Array.isArray(value) ? value.filter(isChange) : []
  } catch {
    return []
  }
}

function isChange(value: unknown): value is Change {
  const { id, revision, position } = (value ?? {}) as Partial<Change>
  return typeof id === 'string' && typeof revision === 'number' && typeof position === 'string'
}

interface StreamEvent {
  id: string
  data: string
}

/** Takes a text/event-stream apart. */
export async function* events(stream: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = stream
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      rest += value
      const blocks = rest.split(/\r?\n\r?\n/)
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const event: StreamEvent = { id: '', data: '' }
        for (const line of block.split(/\r?\n/)) {
          const [, field, text] = /^(\w+): ?(.*)$/.exec(line) ?? []
          if (field === 'id') event.id = text ?? ''
          if (field === 'data') event.data += (event.data && '\n') + (text ?? '')
        }
        if (event.data) yield event
      }
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}
