import type { ReactNode } from 'react'
import type { Schemas } from '@/api/client'
import { useWords, type Words } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats, type Formats } from '@/i18n/format'
import { isEventKind, type EventKind } from './event-kinds'
import type { TimelineEntry } from './timeline'

type Entry = Schemas['HistoryEntry']

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function keys(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((each) => typeof each === 'string')
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}

/** What an event says beyond its name, in one line; nothing where the name is all. */
export function describe(kind: EventKind, data: Entry['data'], words: Words, format: Formats): ReactNode {
  const items = (value: unknown) => format.list(keys(value).map(words.item))
  switch (kind) {
    case 'details_filled':
      return format.list([...keys(data.fields), ...keys(data.personal)].map(words.item))
    case 'document_uploaded':
    case 'document_removed':
    case 'document_redacted':
      return words.item(text(data.slot))
    case 'document_moved':
      return `${words.item(text(data.from))} → ${words.item(text(data.to))}`
    case 'items_accepted':
      return items(data.items)
    case 'reason_raised':
      return `${text(data.code)} ${words.reason(text(data.code), text(data.sub), text(data.target))} · ${words.item(text(data.target))}`
    case 'late_reason_allowed':
      return `${words.item(text(data.target))} · ${text(data.why)}`
    case 'note_added':
      return text(data.text)
    case 'returned':
      return items(data.unlocked)
    case 'item_corrected':
      return [words.item(text(data.item)), text(data.statement)].filter(Boolean).join(' · ')
    case 'resubmitted':
      return items(data.changed)
    case 'icp_evidence_recorded': {
      const evidence = (data.evidence ?? {}) as Record<string, unknown>
      return [text(evidence.domain), text(evidence.number), text(evidence.subject)]
        .filter(Boolean)
        .join(' · ')
    }
    case 'site_declared':
      return text(data.url)
    case 'contract_offered':
      return text(data.version)
    case 'decline_proposed':
      return text(data.note)
    case 'contract_lapsed':
      return typeof data.expired === 'string' ? format.until(data.expired) : ''
    case 'deadline_warned':
    case 'deadline_breached':
      return typeof data.due === 'string' ? format.until(data.due) : ''
    case 'policy_moved':
      return `${text(data.from)} → ${text(data.to)}`
    case 'released':
    case 'reassigned':
    case 'prioritised':
    case 'reason_withdrawn':
    case 'qualification_refused':
    case 'contract_taken_back':
    case 'withdrawn':
    case 'decline_refused':
    case 'deadline_extended':
    case 'restricted':
    case 'hold_placed':
    case 'hold_lifted':
    case 'shredded':
      return text(data.why)
    case 'opened':
    case 'kind_switched':
    case 'products_chosen':
    case 'consent_given':
    case 'consent_withdrawn':
    case 'submitted':
    case 'precheck_found':
    case 'claimed':
    case 'qualification_approved':
    case 'qualification_proposed':
    case 'qualification_confirmed':
    case 'icp_verified':
    case 'site_approved':
    case 'contract_signed':
    case 'contract_countersigned':
    case 'activated':
    case 'reopened':
    case 'decline_confirmed':
    case 'expired':
    case 'restriction_lifted':
      return ''
  }
}

/** The colour of an event: good and bad outcomes stand out, the rest is calm. */
export function toneOf(kind: EventKind): TimelineEntry['tone'] {
  switch (kind) {
    case 'qualification_approved':
    case 'qualification_confirmed':
    case 'icp_verified':
    case 'site_approved':
    case 'contract_countersigned':
    case 'activated':
      return 'good'
    case 'reason_raised':
    case 'returned':
    case 'qualification_refused':
    case 'contract_taken_back':
    case 'contract_lapsed':
    case 'deadline_warned':
      return 'warn'
    case 'decline_proposed':
    case 'decline_confirmed':
    case 'deadline_breached':
    case 'expired':
    case 'shredded':
      return 'bad'
    case 'submitted':
    case 'resubmitted':
    case 'qualification_proposed':
    case 'contract_offered':
    case 'contract_signed':
      return 'active'
    default:
      return 'calm'
  }
}

/** Says what an event was, in the reader's language; an unknown kind keeps its own name. */
export function useEventText(): (entry: Entry) => {
  title: string
  body: ReactNode
  tone: TimelineEntry['tone']
} {
  const { t } = useTranslation('terms')
  const words = useWords()
  const format = useFormats()
  return (entry) =>
    isEventKind(entry.type)
      ? {
          title: t(`events.${entry.type}`),
          body: describe(entry.type, entry.data, words, format),
          tone: toneOf(entry.type),
        }
      : { title: entry.type.replaceAll('_', ' '), body: '', tone: 'calm' }
}
