import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { ProblemError } from '@/api/problem'
import { startI18n } from '@/i18n'
import { DeadlineBadge } from './deadline-badge'
import { MaskedValue } from './masked-value'
import { ProblemNotice } from './problem-notice'

beforeAll(() => startI18n('en'))

function show(element: ReactElement) {
  const queries = new QueryClient({ defaultOptions: { queries: { enabled: false } } })
  return render(<QueryClientProvider client={queries}>{element}</QueryClientProvider>)
}

describe('a masked value', () => {
  it('shows the clear value only after it was asked for, and hides it again', async () => {
    const reveal = vi.fn(() => Promise.resolve('11010519491231002X'))
    show(<MaskedValue label="ID number" masked="**************002X" reveal={reveal} />)
    expect(screen.queryByText('11010519491231002X')).toBeNull()
    await userEvent.click(screen.getByRole('button', { name: 'Show ID number' }))
    expect(await screen.findByText('11010519491231002X')).toBeDefined()
    await userEvent.click(screen.getByRole('button', { name: 'Hide ID number' }))
    expect(screen.getByText('**************002X')).toBeDefined()
    expect(reveal).toHaveBeenCalledTimes(1)
  })

  it('cannot be shown by somebody who may not', () => {
    show(<MaskedValue label="ID number" masked="****" />)
    expect(screen.queryByRole('button')).toBeNull()
  })

  it('says why it was not shown', async () => {
    show(<MaskedValue label="Name" masked="王**" reveal={() => Promise.reject(new Error('not now'))} />)
    await userEvent.click(screen.getByRole('button', { name: 'Show Name' }))
    expect((await screen.findByRole('alert')).textContent).toBe('not now')
  })
})

describe('a deadline', () => {
  it('says how much time is left, in a word and not by colour alone', () => {
    show(<DeadlineBadge due={new Date(Date.now() + 3 * 3_600_000 + 60_000).toISOString()} />)
    expect(screen.getByText(/^3 hr.* left$/)).toBeDefined()
  })

  it('says by how much it is overdue', () => {
    show(<DeadlineBadge due={new Date(Date.now() - 2 * 86_400_000).toISOString()} />)
    expect(screen.getByText(/overdue$/)).toBeDefined()
  })
})

describe('a refusal', () => {
  it('of a stale decision says who did what, and offers to see it', async () => {
    const see = vi.fn()
    show(
      <ProblemNotice
        onSee={see}
        error={
          new ProblemError({
            title: 'Precondition Failed',
            status: 412,
            code: 'stale',
            changes: [
              { revision: 8, type: 'claimed', at: '2026-11-23T10:00:00Z', by: { id: 'x', role: 'lead' } },
            ],
          })
        }
      />,
    )
    const alert = screen.getByRole('alert')
    expect(alert.textContent).toContain('Someone changed this')
    expect(alert.textContent).toContain('Lead: Claimed for review')
    await userEvent.click(screen.getByRole('button', { name: 'See what' }))
    expect(see).toHaveBeenCalledOnce()
  })

  it('speaks the reader’s language where we have words for its code', () => {
    show(<ProblemNotice error={new ProblemError({ title: 'Conflict', status: 409, code: 'not-claimed' })} />)
    expect(screen.getByRole('alert').textContent).toContain('Claim the application before judging it.')
  })

  it('keeps the server’s words for a code it does not know', () => {
    show(
      <ProblemNotice
        error={new ProblemError({ title: 'Conflict', status: 409, code: 'brand-new', detail: 'Quite new.' })}
      />,
    )
    expect(screen.getByRole('alert').textContent).toContain('Quite new.')
  })
})
