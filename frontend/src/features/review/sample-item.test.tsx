import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeAll, expect, it, vi } from 'vitest'
import { reasonsQuery, referenceQuery, type ReasonEntry, type Reference } from '@/api/reference'
import { startI18n } from '@/i18n'
import { SampleItem } from './sample-item'
import type { Fault, Sample } from './sample.api'

beforeAll(() => startI18n('en'))

const label = (text: string) => ({ 'zh-CN': text, es: text, en: text })
const text = (title: string) => ({ title, what: '', fix: '' })
const texts = (title: string) => ({ 'zh-CN': text(title), es: text(title), en: text(title) })
const reason = (code: string, sub: string, targets: string[]) => ({
  code,
  sub,
  targets,
  machine: 'M',
  final: false,
  text: texts(`${code} ${sub}`),
  internal: label(''),
})

const reasons = [
  reason('R01', 'missing', ['contact.mobile']),
  reason('R05', 'mobile', ['contact.mobile']),
] as unknown as ReasonEntry[]

const reference = {
  items: [{ key: 'contact.mobile', class: 'field', label: label('mobile number') }],
  banks: [],
  site_requirements: [],
} as unknown as Reference

const sample = {
  id: 's',
  findings: [
    { code: 'x', item: 'contact.mobile', severity: 'warn', detail: 'odd', suggests: ['R05/mobile'] },
  ],
  told: [{ id: 'r', code: 'R05', sub: 'mobile', target: 'contact.mobile', round: 1, note: 'no answer' }],
} as unknown as Sample

function show(faults: readonly Fault[], picking: boolean, onFaults: (faults: readonly Fault[]) => void) {
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  queries.setQueryData(referenceQuery.queryKey, reference)
  queries.setQueryData(reasonsQuery.queryKey, reasons)
  return render(
    <QueryClientProvider client={queries}>
      <ul>
        <SampleItem
          sample={sample}
          item={{
            key: 'contact.mobile',
            class: 'field',
            required: true,
            state: 'given',
            locked: true,
            value: '138****8000',
          }}
          faults={faults}
          judging
          picking={picking}
          shownInViewer={false}
          onLook={() => undefined}
          onPick={() => undefined}
          onFaults={onFaults}
        />
      </ul>
    </QueryClientProvider>,
  )
}

const wrong: Fault = { target: 'contact.mobile', code: 'R05', sub: 'mobile' }

it('offers what the machine suspects first, and takes the reason that is chosen', async () => {
  const onFaults = vi.fn()
  show([], true, onFaults)
  const [first] = screen.getAllByRole('radio')
  await userEvent.click(first as HTMLElement)
  expect(onFaults).toHaveBeenCalledWith([wrong])
})

it('takes a reason once', async () => {
  const onFaults = vi.fn()
  show([wrong], true, onFaults)
  const [first] = screen.getAllByRole('radio')
  await userEvent.click(first as HTMLElement)
  expect(onFaults).not.toHaveBeenCalled()
})

it('lets a reason be taken back', async () => {
  const onFaults = vi.fn()
  show([wrong], false, onFaults)
  await userEvent.click(screen.getByRole('button', { name: 'Take back' }))
  expect(onFaults).toHaveBeenCalledWith([])
})

it('shows what the merchant was told in earlier rounds', () => {
  show([], false, () => undefined)
  expect(screen.getByText(/Answered since round 1:/).textContent).toContain('no answer')
})
