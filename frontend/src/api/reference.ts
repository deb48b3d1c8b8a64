import { queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from '@/i18n'
import { api, body, type Schemas } from './client'
import { fillTemplate } from './reason-text'
import { useIdentity } from './session'

export type Reference = Schemas['Reference']
export type Label = Schemas['Label']
export type ReasonEntry = Schemas['ReferenceReason']

const hour = 3_600_000

export const referenceQuery = queryOptions({
  queryKey: ['reference'],
  queryFn: async ({ signal }) => body(await api.GET('/v1/reference', { signal })),
  staleTime: hour,
})

/** The registry of reasons with the texts for the house: for staff only. */
export const reasonsQuery = queryOptions({
  queryKey: ['reference', 'reasons'],
  queryFn: async ({ signal }) => body(await api.GET('/v1/reference/reasons', { signal })).reasons,
  staleTime: hour,
})

const staff = ['reviewer', 'lead', 'auditor', 'admin']

export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: async ({ signal }) => body(await api.GET('/v1/people', { signal })),
  staleTime: 5 * 60_000,
  // A merchant may not list people; the page then shows roles instead of names.
  retry: false,
})

// The labels are written for the middle of a sentence; on a form they stand alone.
function capital(text: string): string {
  const [first = ''] = text
  return first.toUpperCase() + text.slice(first.length)
}

/** The names of items, banks, reasons and requirements in the reader's language. */
export interface Words {
  /** An item's name as a label, with a capital. */
  item: (key: string) => string
  /** An item's name as it stands inside a sentence of the language. */
  inline: (key: string, language: keyof Label) => string
  bank: (code: string) => string
  /** What an item holds, with a word beside every code. */
  value: (item: string, value: string) => string
  requirement: (id: string) => string
  /** What a code is about; with the item, and a sub-code, exactly what is wrong with it. */
  reason: (code: string, sub?: string, item?: string) => string
  entry: (code: string, sub?: string) => ReasonEntry | undefined
  pick: (label: Label) => string
  language: keyof Label
  reference: Reference | undefined
  /** All reasons, for staff; empty for everybody else. */
  reasons: readonly ReasonEntry[]
}

const none: readonly ReasonEntry[] = []

export function useWords(): Words {
  const { i18n, t } = useTranslation('terms')
  const { data } = useQuery(referenceQuery)
  const identity = useIdentity()
  const { data: reasons = none } = useQuery({
    ...reasonsQuery,
    enabled: identity !== undefined && staff.includes(identity.role),
  })
  const language = i18n.language as keyof Label
  return useMemo(() => {
    const pick = (label: Label) => label[language]
    const items = new Map(data?.items.map((item) => [item.key, item.label]))
    const banks = new Map(data?.banks.map((bank) => [bank.code, bank.label]))
    const requirements = new Map(data?.site_requirements.map((r) => [r.id, r.label]))
    const named = (map: Map<string, Label>, key: string) => {
      const label = map.get(key)
      return label ? pick(label) : key
    }
    const entry = (code: string, sub?: string) =>
      reasons.find((r) => r.code === code && (r.sub ?? '') === (sub ?? '')) ??
      reasons.find((r) => r.code === code)
    return {
      reference: data,
      reasons,
      pick,
      language,
      item: (key) => capital(named(items, key)),
      inline: (key, other) => items.get(key)?.[other] ?? key,
      bank: (code) => named(banks, code),
      value: (item, value) => {
        if (item === 'bank.code' && banks.has(value)) return `${named(banks, value)} (${value})`
        if (item === 'identity.type')
          return t(`identityTypes.${value as 'passport'}`, { defaultValue: value })
        return value
      },
      requirement: (id) => named(requirements, id),
      entry,
      reason: (code, sub, item) => {
        if (item === undefined) {
          return t(`reasonCodes.${code as 'R01'}`, { defaultValue: t('unknownReason', { code }) })
        }
        const found = entry(code, sub)
        if (!found) return t('unknownReason', { code })
        return fillTemplate(found.text[language].title, { item: named(items, item) })
      },
    }
  }, [data, reasons, language, t])
}

/** A person's name by id, or the name of the role where the name is not known. */
export function usePersonName(): (actor: Schemas['Actor'] | undefined) => string {
  const { t } = useTranslation('terms')
  const { data } = useQuery(peopleQuery)
  return useMemo(() => {
    const names = new Map(data?.people.map((person) => [person.id, person.name]))
    return (actor) => (actor ? (names.get(actor.id) ?? t(`roles.${actor.role}`)) : '')
  }, [data, t])
}
