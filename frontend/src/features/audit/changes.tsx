import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import i18next from 'i18next'
import type { Application } from '@/api/applications'
import type { Schemas } from '@/api/client'
import { peopleQuery, useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { EmptyState } from '@/ui/empty-state'
import { useEventText } from '@/ui/event-text'
import { Loading } from '@/ui/loading'
import styles from './changes.module.css'
import { differences, type Difference } from './difference'

interface Props {
  entries: Schemas['HistoryEntry'][]
  index: number
  base: number | undefined
  /** The comparison the reader asked for; undefined compares with the step before. */
  chosen: number | undefined
  before: Application | undefined
  after: Application | undefined
  onBase: (revision: number | undefined) => void
}

const signs = { added: '+', removed: '−', changed: '±' }

/** What is different from an earlier moment, field by field. */
export function Changes({ entries, index, base, chosen, before, after, onBase }: Props) {
  const { t } = useTranslation('audit')
  const say = useEventText()
  const list = after && (base === undefined || before) ? differences(before, after) : undefined
  return (
    <div className={styles.changes}>
      <label className={styles.compare}>
        <span>{t('changes.compare')}</span>
        <Select
          value={chosen ?? -1}
          popupMatchSelectWidth={false}
          onChange={(value) => {
            onBase(value === -1 ? undefined : value)
          }}
          options={[
            { value: -1, label: t('changes.before') },
            ...entries
              .filter((_, position) => position !== index)
              .map((entry) => ({ value: entry.revision, label: `${entry.revision} · ${say(entry).title}` })),
          ]}
        />
      </label>
      {!list && <Loading rows={4} />}
      {list?.length === 0 && <EmptyState title={t('changes.none')}>{t('changes.noneBody')}</EmptyState>}
      {list && list.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">{t('changes.sign')}</span>
              </th>
              <th scope="col">{t('changes.field')}</th>
              <th scope="col">{t('changes.was')}</th>
              <th scope="col">{t('changes.is')}</th>
            </tr>
          </thead>
          <tbody>
            {list.map((difference) => (
              <Line
                key={`${difference.path.join('/')}${difference.before ?? ''}${difference.after ?? ''}`}
                difference={difference}
              />
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

function Line({ difference }: { difference: Difference }) {
  const { t } = useTranslation('audit')
  const label = useFieldLabel()
  const show = useValueText()
  return (
    <tr className={styles[difference.sign]}>
      <td className={styles.sign}>
        <span aria-hidden="true">{signs[difference.sign]}</span>
        <span className="visually-hidden">{t(`changes.${difference.sign}`)}</span>
      </td>
      <th scope="row">{label(difference.path)}</th>
      <td>{difference.before !== undefined && <del>{show(difference.path, difference.before)}</del>}</td>
      <td>{difference.after !== undefined && <ins>{show(difference.path, difference.after)}</ins>}</td>
    </tr>
  )
}

function exists(key: string): boolean {
  return i18next.exists(key)
}

// Whose parts have names of their own.
const namesIn: Record<string, string> = { steps: 'stages', stages: 'stages', checks: 'checks' }

/** A path in words: "Settlement account number · state". */
export function useFieldLabel(): (path: readonly string[]) => string {
  useTranslation('audit')
  const words = useWords()
  return (path) =>
    path
      .map((part, position) => {
        if (position === 0 && path.length > 1 && part === 'items') return ''
        const named = namesIn[path[position - 1] ?? '']
        if (named && exists(`terms:${named}.${part}`)) return i18next.t(`terms:${named}.${part}` as never)
        if (words.reference?.items.some((item) => item.key === part)) return words.item(part)
        if (exists(`audit:fields.${part}`)) return i18next.t(`audit:fields.${part}` as never)
        // An id of thirty-six characters tells a reader nothing.
        return /^[0-9a-f-]{36}$/.test(part) ? `#${part.slice(0, 4)}` : part
      })
      .filter(Boolean)
      .join(' · ')
}

const vocabularies: Record<string, string> = {
  stage: 'stages',
  holder: 'holders',
  role: 'roles',
  kind: 'kinds',
  site_type: 'sites',
  products: 'products',
}

/** A value as a person reads it: a date as a date, a code as its word. */
export function useValueText(): (path: readonly string[], value: string) => string {
  const { t } = useTranslation('audit')
  const format = useFormats()
  const words = useWords()
  const { data } = useQuery(peopleQuery)
  const people = new Map(data?.people.map((person) => [person.id, person.name]))
  return (path, value) => {
    const leaf = path.at(-1) ?? ''
    const item = path.at(-2)
    if (/^\d{4}-\d\d-\d\dT/.test(value)) return format.exact(value)
    if (value === 'true' || value === 'false') return t(`changes.${value}`)
    const vocabulary = vocabularies[leaf]
    if (vocabulary && exists(`terms:${vocabulary}.${value}`))
      return i18next.t(`terms:${vocabulary}.${value}` as never)
    if (leaf === 'state') {
      for (const states of ['itemStates', 'reasonStates']) {
        if (exists(`terms:${states}.${value}`)) return i18next.t(`terms:${states}.${value}` as never)
      }
    }
    if (leaf === 'target' || leaf === 'item' || leaf === 'unlocked' || leaf === 'items')
      return words.item(value)
    if (item && (leaf === 'value' || leaf === 'previous')) return words.value(item, value)
    if (leaf === 'banks') return words.bank(value)
    const person = people.get(value)
    if (person !== undefined) return person
    return value
  }
}
