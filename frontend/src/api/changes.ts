import { useEffect, useRef } from 'react'
import { authorised, noteReached, type Schemas } from './client'

type Message = Schemas['LiveChanges']

/** An application that changed: which, to what revision, and in which queues. */
export type Change = Message['changes'][number]

/** What was heard at once. */
export interface News {
  changes: Change[]
  /** All queues that something changed in; for staff only. */
  queues: NonNullable<Message['queues']>
  /** More happened than is named: whatever is shown may be old. */
  behind: boolean
}

const channelName = 'alta.changes'

/**
 * Tells what changes on the server, as far as the person may know. All tabs of a
 * browser share one stream: the tab that holds the lock reads it and passes on
 * what it hears.
 */
export function useChanges(hear: (news: News) => void): void {
  const latest = useRef(hear)
  useEffect(() => {
    latest.current = hear
  })
  useEffect(() => {
    const stop = new AbortController()
    const channel = new BroadcastChannel(channelName)
    const tell = ({ news, position }: Heard) => {
      // What is read now must show the change that was heard of.
      if (position) noteReached(position)
      latest.current(news)
    }
    channel.onmessage = ({ data }: MessageEvent<Heard>) => {
      tell(data)
    }
    navigator.locks
      .request(channelName, { signal: stop.signal }, () =>
        follow(stop.signal, (heard) => {
          tell(heard)
          channel.postMessage(heard)
        }),
      )
      .catch(() => undefined)
    return () => {
      stop.abort()
      channel.close()
    }
  }, [])
}

interface Heard {
  news: News
  position: string
}

const shortest = 1_000
const longest = 60_000
/** Twice the server's sign of life: a stream that is silent for longer is dead. */
const silence = 25_000

// Where the stream of this browser's tab ended, so that it goes on from there.
let last = ''

async function follow(signal: AbortSignal, tell: (heard: Heard) => void): Promise<void> {
  let wait = shortest
  while (!signal.aborted) {
    const dead = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        dead.abort()
      }, silence)
    }
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      if (last) headers['Last-Event-ID'] = last
      const response = await authorised(
        new Request(new URL('/v1/changes', location.origin), {
          headers,
          signal: AbortSignal.any([signal, dead.signal]),
        }),
      )
      // Whoever may not listen is not asked again.
      if (response.status === 401 || response.status === 403) return
      if (response.status === 422) last = '' // an id of another installation
      if (response.ok && response.body) {
        alive()
        for await (const event of events(response.body)) {
          alive()
          wait = shortest
          if (event.id) last = event.id
          const news = read(event)
          if (news) tell({ news, position: event.id })
        }
      }
    } catch {
      // A broken stream is taken up again where it ended, later and later.
    } finally {
      clearTimeout(timer)
    }
    // Not all browsers at the same moment, after the server was away.
    await pause(wait * (0.5 + Math.random()), signal)
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

/** The news of one event; greetings and signs of life hold none. */
export function read({ event, data }: StreamEvent): News | undefined {
  if (event === 'behind') return { changes: [], queues: [], behind: true }
  if (event !== 'changes') return undefined
  try {
    const { changes, queues } = JSON.parse(data) as Partial<Message>
    if (!Array.isArray(changes)) return undefined
    return { changes, queues: queues ?? [], behind: false }
  } catch {
    return undefined
  }
}

interface StreamEvent {
  id: string
  event: string
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
        const event: StreamEvent = { id: '', event: '', data: '' }
        for (const line of block.split(/\r?\n/)) {
          const [, field, text] = /^(\w+): ?(.*)$/.exec(line) ?? []
          if (field === 'id') event.id = text ?? ''
          if (field === 'event') event.event = text ?? ''
          if (field === 'data') event.data += (event.data && '\n') + (text ?? '')
        }
        if (event.data) yield event
      }
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}
