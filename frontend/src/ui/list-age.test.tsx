import { act, render, screen } from '@testing-library/react'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { noteAge } from '@/api/age'
import { startI18n } from '@/i18n'
import { ListAge } from './list-age'

const queue = '/v1/queues/{queue}'

function answer(headers: Record<string, string> = {}, status = 200): Response {
  return new Response('{}', { status, headers })
}

beforeAll(() => startI18n('en'))

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  noteAge('GET', queue, answer())
  noteAge('GET', '/v1/samples', answer())
  vi.useRealTimers()
})

test('a list that is up to date says nothing', () => {
  render(<ListAge />)
  act(() => {
    noteAge('GET', queue, answer())
  })
  expect(screen.getByRole('status').textContent).toBe('')
})

test('a list that is not says as of when it is, asks again, and says when it has caught up', () => {
  const again = vi.fn()
  const fresh = vi.fn()
  render(<ListAge again={again} onFresh={fresh} />)
  act(() => {
    noteAge('GET', queue, answer({ 'Alta-Behind': '12', 'Alta-As-Of': '2026-12-01T06:02:31Z' }))
  })
  expect(screen.getByRole('status').textContent).toMatch(/02:31.*not up to date, 12 sec behind/)
  expect(again).not.toHaveBeenCalled()
  act(() => {
    vi.advanceTimersByTime(20_000)
  })
  expect(again).toHaveBeenCalledTimes(2)
  act(() => {
    noteAge(
      'POST',
      '/v1/queues/{queue}/next',
      answer({ 'Alta-Behind': '190', 'Alta-As-Of': '2026-12-01T06:02:31Z' }),
    )
  })
  expect(screen.getByRole('status').textContent).toContain('3 min behind')
  expect(fresh).not.toHaveBeenCalled()
  act(() => {
    noteAge('GET', '/v1/queues', answer())
  })
  expect(screen.getByRole('status').textContent).toBe('')
  expect(fresh).toHaveBeenCalledTimes(1)
  act(() => {
    vi.advanceTimersByTime(20_000)
  })
  expect(again).toHaveBeenCalledTimes(2)
})

test('what is behind for long says the day too', () => {
  render(<ListAge />)
  act(() => {
    noteAge('GET', queue, answer({ 'Alta-Behind': '180000', 'Alta-As-Of': '2026-11-29T06:02:31Z' }))
  })
  expect(screen.getByRole('status').textContent).toMatch(/Nov 29, 2026.*2 days 2 hr behind/)
})

test('an age that is not known is not told as none', () => {
  render(<ListAge />)
  act(() => {
    noteAge('GET', queue, answer({ 'Alta-Behind': 'unknown' }))
  })
  expect(screen.getByRole('status').textContent).toBe('It is not known yet how up to date this is')
})

test('what failed, what is read from the record, and another source say nothing of a list', () => {
  render(<ListAge />)
  act(() => {
    noteAge('GET', queue, answer({ 'Alta-Behind': '12', 'Alta-As-Of': '2026-12-01T06:02:31Z' }))
    noteAge('GET', queue, answer({}, 503))
    noteAge('GET', '/v1/applications/{id}', answer())
    noteAge('POST', '/v1/applications', answer())
    noteAge('GET', '/v1/samples', answer())
  })
  expect(screen.getByRole('status').textContent).toContain('12 sec behind')
})
