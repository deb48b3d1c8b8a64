import { useEffect, useRef } from 'react'
import { authorised } from './client'

/** An application that changed, by id and revision only. */
export interface Change {
  id: string
  revision: number
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
      if (response.ok && response.body) {
        wait = shortest
        for await (const event of events(response.body)) {
          if (event.id) last = event.id
          const change = parse(event.data)
          if (change) tell(change)
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

function parse(data: string): Change | undefined {
  try {
    const value = JSON.parse(data) as Partial<Change>
    return typeof value.id === 'string' && typeof value.revision === 'number'
      ? { id: value.id, revision: value.revision }
      : undefined
  } catch {
    return undefined
  }
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
