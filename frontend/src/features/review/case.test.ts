import { describe, expect, it } from 'vitest'
import type { Application, ItemView } from '@/api/applications'
import { grouped, heldByOther, holds, openReasons, progress, undecided } from './case'

const now = Date.parse('2026-11-23T10:00:00Z')
const ana = {
  id: 'ana',
  role: 'reviewer',
  name: 'Ana',
  email: 'ana@example.org',
  language: 'en',
  step_up: 'password',
} as const

function item(key: string, change: Partial<ItemView> = {}): ItemView {
  return { key, class: 'field', required: true, state: 'given', locked: true, value: 'x', ...change }
}

function application(change: Partial<Application>): Application {
  return { items: [], reasons: [], ...change } as Application
}

const raised = (target: string, state: 'open' | 'withdrawn'): Application['reasons'][number] => ({
  id: `${target}-${state}`,
  code: 'R03',
  target,
  round: 1,
  by: { id: 'ana', role: 'reviewer' },
  at: '2026-11-23T09:00:00Z',
  state,
})

describe('what stands in the way of an approval', () => {
  it('is every required item that is neither accepted nor has a reason', () => {
    const open = application({
      items: [
        item('identity.name', { state: 'accepted' }),
        item('bank.number'),
        item('contact.mobile'),
        item('contact.phone', { required: false }),
        item('company.tax_number', { waived: { 'zh-CN': '三证合一', es: 'USCC', en: 'USCC' } }),
      ],
      reasons: [raised('contact.mobile', 'open')],
    })
    expect(undecided(open).map((each) => each.key)).toEqual(['bank.number'])
    expect(progress(open)).toEqual({ accepted: 1, needed: 3 })
  })

  it('is not a reason that was withdrawn', () => {
    expect(openReasons(application({ reasons: [raised('bank.number', 'withdrawn')] }))).toEqual([])
  })
})

describe('a claim', () => {
  const claim = (by: string, until: string) =>
    application({ claim: { by: { id: by, role: 'reviewer' }, until } })

  it('is mine while its lease lasts', () => {
    expect(holds(claim('ana', '2026-11-23T10:01:00Z'), ana, now)).toBe(true)
    expect(holds(claim('ana', '2026-11-23T09:59:00Z'), ana, now)).toBe(false)
  })

  it('of another person counts only while its lease lasts', () => {
    expect(heldByOther(claim('bo', '2026-11-23T10:01:00Z'), ana, now)).toBe(true)
    expect(heldByOther(claim('bo', '2026-11-23T09:59:00Z'), ana, now)).toBe(false)
  })
})

it('shows the form by subject and leaves out what nobody asked for', () => {
  const parts = grouped({
    stage: 'qualification',
    items: [
      item('identity.name'),
      item('id_card.front', { class: 'document' }),
      item('contact.phone', { required: false, value: '' }),
      item('site.url', { class: 'site', state: 'missing' }),
    ],
  })
  expect(parts.map((part) => [part.group, part.items.length])).toEqual([
    ['identity', 1],
    ['documents', 1],
  ])
})
