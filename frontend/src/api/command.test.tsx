import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { useCommand, type CommandHeaders } from './command'

type Send = (variables: { item: string }, headers: CommandHeaders) => Promise<{ response: Response }>

function Accept({ send, revision }: { send: Send; revision: number }) {
  const accept = useCommand('a', revision, send)
  return (
    <>
      <button
        onClick={() => {
          accept.mutate({ item: 'bank.number' })
        }}
      >
        Accept
      </button>
      {accept.isSuccess && <p>recorded</p>}
      {accept.error && <p role="alert">{accept.error.code}</p>}
    </>
  )
}

function show(send: Send, revision = 7) {
  const queries = new QueryClient()
  return render(
    <QueryClientProvider client={queries}>
      <Accept send={send} revision={revision} />
    </QueryClientProvider>,
  )
}

const done = () => Promise.resolve({ response: new Response(null, { status: 204 }) })

it('names the revision that was looked at', async () => {
  const send = vi.fn<Send>(done)
  show(send, 41)
  await userEvent.click(screen.getByRole('button', { name: 'Accept' }))
  await screen.findByText('recorded')
  expect(send.mock.calls[0]?.[1]['If-Match']).toBe('"41"')
})

it('sends an act whose answer was lost again under the same key', async () => {
  const send = vi.fn<Send>().mockRejectedValueOnce(new TypeError('network')).mockImplementation(done)
  show(send)
  await userEvent.click(screen.getByRole('button', { name: 'Accept' }))
  expect((await screen.findByRole('alert')).textContent).toBe('unreachable')
  await userEvent.click(screen.getByRole('button', { name: 'Accept' }))
  await screen.findByText('recorded')
  const [first, second] = send.mock.calls.map(([, headers]) => headers['Idempotency-Key'])
  expect(second).toBe(first)
})

it('takes a new key for a new act after an answer', async () => {
  const send = vi.fn<Send>(done)
  show(send)
  await userEvent.click(screen.getByRole('button', { name: 'Accept' }))
  await screen.findByText('recorded')
  await userEvent.click(screen.getByRole('button', { name: 'Accept' }))
  await waitFor(() => {
    expect(send).toHaveBeenCalledTimes(2)
  })
  const [first, second] = send.mock.calls.map(([, headers]) => headers['Idempotency-Key'])
  expect(second).not.toBe(first)
})
