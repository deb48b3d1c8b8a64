import type { Application, ItemView } from '@/api/applications'
import type { Schemas } from '@/api/client'
import type { Identity } from '@/api/session'

export type Reason = Schemas['ReasonView']

/** Reasons that stand in the way of an approval, oldest first. */
export function openReasons(application: Application): Reason[] {
  return application.reasons.filter((reason) => reason.state === 'open')
}

/** The reasons that concern one item and still matter, newest first. */
export function reasonsOn(application: Application, item: string): Reason[] {
  return application.reasons
    .filter((reason) => reason.target === item && reason.state !== 'withdrawn' && reason.state !== 'settled')
    .reverse()
}

const ourStages: readonly Application['stage'][] = [
  'qualification',
  'second_approval',
  'icp',
  'website',
  'contract',
  'countersignature',
  'activation',
]

/** Whether it stands where somebody of the platform has to do something. */
export function waitsForUs({ stage }: Pick<Application, 'stage'>): boolean {
  return ourStages.includes(stage)
}

/** Whether the reader holds the application at this moment. */
export function holds(application: Application, reader: Identity | undefined, now: number): boolean {
  const { claim } = application
  return claim !== undefined && claim.by.id === reader?.id && Date.parse(claim.until) > now
}

/** Whether somebody else holds it at this moment. */
export function heldByOther(application: Application, reader: Identity | undefined, now: number): boolean {
  const { claim } = application
  return claim !== undefined && claim.by.id !== reader?.id && Date.parse(claim.until) > now
}

/** Items that must be accepted, or have a reason, before the qualification is decided. */
export function undecided(application: Application): ItemView[] {
  const raised = new Set(openReasons(application).map((reason) => reason.target))
  return application.items.filter(
    (item) =>
      item.class !== 'site' &&
      item.required &&
      !item.waived &&
      item.state !== 'accepted' &&
      !raised.has(item.key),
  )
}

export interface Progress {
  accepted: number
  needed: number
}

/** How many of the required items have been found in order. */
export function progress(application: Application): Progress {
  const needed = application.items.filter((item) => item.class !== 'site' && item.required && !item.waived)
  return { accepted: needed.filter((item) => item.state === 'accepted').length, needed: needed.length }
}

export type Group = 'identity' | 'company' | 'contact' | 'bank' | 'site' | 'documents'

const groups: readonly Group[] = ['identity', 'company', 'contact', 'bank', 'site', 'documents']

/** The items as a reviewer reads them: the form by subject, then the documents. */
export function grouped({
  items,
  stage,
}: Pick<Application, 'items' | 'stage'>): { group: Group; items: ItemView[] }[] {
  const groupOf = (item: ItemView): Group => {
    if (item.class === 'document') return 'documents'
    if (item.class === 'site') return 'site'
    return item.key.split('.')[0] as Group
  }
  const shown = items.filter((item) => {
    // The site itself is looked at in its own review, not before.
    if (item.class === 'site')
      return stage === 'website' || (item.state !== 'missing' && item.state !== 'given')
    return item.required || item.value || item.document || item.waived
  })
  return groups
    .map((group) => ({ group, items: shown.filter((item) => groupOf(item) === group) }))
    .filter((part) => part.items.length > 0)
}

/** The queue from which an application at this stage came, to go on with. */
export function queueOf(
  stage: Application['stage'],
): 'qualification' | 'second_approval' | 'icp' | 'website' | 'contract' {
  switch (stage) {
    case 'second_approval':
    case 'icp':
    case 'website':
      return stage
    case 'contract':
    case 'signature':
    case 'countersignature':
    case 'activation':
    case 'active':
      return 'contract'
    default:
      return 'qualification'
  }
}
