/**
 * Every kind of event that an application's stream can hold, by its stored name
 * without prefix and version. The words for each are in terms.json; the type
 * check fails when one has none.
 */
export const eventKinds = [
  'opened',
  'kind_switched',
  'products_chosen',
  'details_filled',
  'document_uploaded',
  'document_removed',
  'document_moved',
  'document_redacted',
  'consent_given',
  'consent_withdrawn',
  'submitted',
  'precheck_found',
  'claimed',
  'released',
  'reassigned',
  'prioritised',
  'items_accepted',
  'reason_raised',
  'reason_withdrawn',
  'late_reason_allowed',
  'note_added',
  'returned',
  'item_corrected',
  'resubmitted',
  'qualification_approved',
  'qualification_proposed',
  'qualification_confirmed',
  'qualification_refused',
  'icp_evidence_recorded',
  'icp_verified',
  'site_declared',
  'site_approved',
  'contract_offered',
  'contract_taken_back',
  'contract_lapsed',
  'contract_signed',
  'contract_countersigned',
  'activated',
  'withdrawn',
  'reopened',
  'decline_proposed',
  'decline_confirmed',
  'decline_refused',
  'expired',
  'deadline_warned',
  'deadline_breached',
  'deadline_extended',
  'policy_moved',
  'restricted',
  'restriction_lifted',
  'hold_placed',
  'hold_lifted',
  'shredded',
] as const

export type EventKind = (typeof eventKinds)[number]

export function isEventKind(type: string): type is EventKind {
  return (eventKinds as readonly string[]).includes(type)
}

export type EventCategory = 'merchant' | 'review' | 'decision' | 'time' | 'data'

/** What sort of fact an event is, for filters and for the colour of its dot. */
export function categoryOf(kind: EventKind): EventCategory {
  switch (kind) {
    case 'opened':
    case 'kind_switched':
    case 'products_chosen':
    case 'details_filled':
    case 'document_uploaded':
    case 'document_removed':
    case 'document_moved':
    case 'consent_given':
    case 'consent_withdrawn':
    case 'submitted':
    case 'item_corrected':
    case 'resubmitted':
    case 'site_declared':
    case 'contract_signed':
    case 'withdrawn':
    case 'reopened':
      return 'merchant'
    case 'precheck_found':
    case 'claimed':
    case 'released':
    case 'reassigned':
    case 'prioritised':
    case 'items_accepted':
    case 'reason_raised':
    case 'reason_withdrawn':
    case 'late_reason_allowed':
    case 'note_added':
    case 'icp_evidence_recorded':
      return 'review'
    case 'returned':
    case 'qualification_approved':
    case 'qualification_proposed':
    case 'qualification_confirmed':
    case 'qualification_refused':
    case 'icp_verified':
    case 'site_approved':
    case 'contract_offered':
    case 'contract_taken_back':
    case 'contract_countersigned':
    case 'activated':
    case 'decline_proposed':
    case 'decline_confirmed':
    case 'decline_refused':
    case 'policy_moved':
      return 'decision'
    case 'expired':
    case 'contract_lapsed':
    case 'deadline_warned':
    case 'deadline_breached':
    case 'deadline_extended':
      return 'time'
    case 'document_redacted':
    case 'restricted':
    case 'restriction_lifted':
    case 'hold_placed':
    case 'hold_lifted':
    case 'shredded':
      return 'data'
  }
}
