import { expect, test } from 'vitest'
import { events, read } from './changes'

function stream(...parts: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(encoder.encode(part))
      controller.close()
    },
  })
}

async function all(...parts: string[]) {
  const out = []
  for await (const event of events(stream(...parts))) out.push(event)
  return out
}

test('events are read whole, wherever the network cuts them', async () => {
  const text = 'id: 1-1\nevent: hello\ndata: {}\n\nid: 2-2\nevent: changes\ndata: {"changes":[]}\n\n'
  const expected = [
    { id: '1-1', event: 'hello', data: '{}' },
    { id: '2-2', event: 'changes', data: '{"changes":[]}' },
  ]
  for (let cut = 0; cut <= text.length; cut += 7) {
    expect(await all(text.slice(0, cut), text.slice(cut))).toEqual(expected)
  }
})

test('an event that was cut off is not believed', async () => {
  expect(await all('id: 1-1\nevent: changes\ndata: {"changes":[{"id":"a"')).toEqual([])
})

test('changes name applications and queues', () => {
  const change = { id: 'a', revision: 3, queues: ['icp'] }
  const data = JSON.stringify({ changes: [change], queues: ['icp', 'website'] })
  expect(read({ id: '', event: 'changes', data })).toEqual({
    changes: [change],
    queues: ['icp', 'website'],
    behind: false,
  })
})

test('whoever is behind is told to read anew, and a greeting says nothing', () => {
  expect(read({ id: '', event: 'behind', data: '{}' })).toEqual({ changes: [], queues: [], behind: true })
  expect(read({ id: '', event: 'hello', data: '{}' })).toBeUndefined()
  expect(read({ id: '', event: 'changes', data: 'nonsense' })).toBeUndefined()
})
