import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { applicationQuery, type Application } from '@/api/applications'
import { useChanges } from '@/api/changes'
import { perform, applicationKey } from '@/api/command'
import { useWords } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { askForWhy, whyOf } from '@/api/why'
import { useTranslation } from '@/i18n'
import { DocumentViewer, type Viewable } from '@/ui/document-viewer'
import { EmptyState } from '@/ui/empty-state'
import { useKeys } from '@/ui/keys'
import { Loading } from '@/ui/loading'
import { useNow } from '@/ui/now'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { UndeliveredMails } from '@/ui/undelivered-mails'
import { grouped, holds, openReasons } from './case'
import { CaseHeader } from './case-header'
import styles from './case-page.module.css'
import { CoverButton } from './cover-dialog'
import { DecisionPanel } from './decision-panel'
import { DuplicatesPanel } from './duplicates-panel'
import { HistoryPanel } from './history-panel'
import { ItemList } from './item-list'
import { NotesPanel } from './notes-panel'
import { useAcceptItems, useWithdrawReason } from './review.api'

/** One application on the reviewer's desk: its documents, its values, the decision. */
export function CasePage({ id }: { id: string }) {
  const { t } = useTranslation('staff')
  const application = useQuery(applicationQuery(id))
  if (application.data) return <Case application={application.data} />
  return (
    <Page title={t('case.title')}>
      {application.error ? (
        <ProblemNotice error={application.error} onSee={() => void application.refetch()} />
      ) : (
        <Loading rows={10} />
      )}
    </Page>
  )
}

const judgedStages: readonly Application['stage'][] = ['qualification', 'icp', 'website', 'second_approval']

function Case({ application }: { application: Application }) {
  const { t } = useTranslation('staff')
  const { t: shell } = useTranslation()
  const words = useWords()
  const reader = useIdentity()
  const now = useNow()
  const queries = useQueryClient()
  const mine = holds(application, reader, now)
  const [why, setWhy] = useState(() => whyOf(application.id))
  const judging = mine && judgedStages.includes(application.stage)
  const order = grouped(application).flatMap((part) => part.items)
  const documents = order.filter((item) => item.document)
  const [active, setActive] = useState(() => order[0]?.key ?? '')
  const [slot, setSlot] = useState(() => documents[0]?.key ?? '')
  const [picking, setPicking] = useState<{ item: string; preset?: number }>()
  const history = useRef<HTMLDivElement>(null)
  const accept = useAcceptItems(application)
  const withdraw = useWithdrawReason(application)

  const reload = () => void queries.invalidateQueries({ queryKey: applicationKey(application.id) })
  const see = () => {
    reload()
    history.current?.scrollIntoView({ block: 'start', behavior: 'smooth' })
    history.current?.focus({ preventScroll: true })
  }
  useChanges(({ changes, behind }) => {
    const newer = changes.some(({ id, revision }) => id === application.id && revision > application.revision)
    if (behind || newer) reload()
  })

  const proving = (key: string): string | undefined =>
    documents.find((item) => words.reference?.items.find((i) => i.key === item.key)?.proves?.includes(key))
      ?.key
  const activate = (key: string) => {
    setActive(key)
    const target = documents.some((item) => item.key === key) ? key : proving(key)
    if (target) setSlot(target)
  }
  const move = (step: number) => {
    const index = order.findIndex((item) => item.key === active)
    const next = order[Math.max(0, Math.min(order.length - 1, index + step))]
    if (!next) return
    activate(next.key)
    document.getElementById(`item-${next.key}`)?.scrollIntoView({ block: 'nearest' })
  }
  const turn = (step: number) => {
    const index = documents.findIndex((item) => item.key === slot)
    const next = documents[(index + step + documents.length) % documents.length]
    if (next) activate(next.key)
  }
  const current = order.find((item) => item.key === active)
  const open = openReasons(application).find((reason) => reason.target === active)

  const group = shell('keys.case')
  useKeys([
    {
      keys: 'KeyJ',
      label: t('keys.nextItem'),
      group,
      run: () => {
        move(1)
      },
    },
    {
      keys: 'KeyK',
      label: t('keys.previousItem'),
      group,
      run: () => {
        move(-1)
      },
    },
    {
      keys: 'KeyA',
      label: t('keys.accept'),
      group,
      disabled:
        !judging || !current || current.state === 'accepted' || open !== undefined || accept.isPending,
      run: () => {
        perform(accept, { items: [active] }, () => {
          move(1)
        })
      },
    },
    ...Array.from({ length: 9 }, (_, index) => ({
      keys: `Digit${index + 1}`,
      label: index === 0 ? t('keys.raise') : t('keys.raiseNth', { n: index + 1 }),
      group,
      disabled: !judging || !current,
      run: () => {
        setPicking({ item: active, preset: index })
      },
    })),
    {
      keys: 'Digit0',
      label: t('keys.lift'),
      group,
      disabled: !judging || !open,
      run: () => {
        if (open) withdraw.mutate({ reason: open.id })
      },
    },
  ])

  const viewable = (key: string): Viewable | undefined => {
    const item = documents.find((each) => each.key === key)
    return (
      item?.document && { document: item.document.id, pages: item.document.pages, label: words.item(key) }
    )
  }
  const shown = viewable(slot)
  const earlier = documents.find((item) => item.key === slot)?.previous?.find((version) => version.document)

  return (
    <div className={styles.case}>
      <CaseHeader application={application} mine={mine} />
      <UndeliveredMails id={application.id} reader="other" />
      <div className={styles.columns}>
        <div className={styles.viewer}>
          {shown ? (
            <DocumentViewer
              application={application.id}
              shown={shown}
              earlier={
                earlier?.document && {
                  document: earlier.document.id,
                  pages: earlier.document.pages,
                  label: t('case.inRound', { item: shown.label, round: earlier.round }),
                }
              }
              onRequest={!mine}
              why={mine ? undefined : why}
              beforeOpen={
                mine
                  ? undefined
                  : async () => {
                      const stated = await askForWhy(application.id)
                      setWhy(stated)
                      return stated !== undefined
                    }
              }
              tools={
                judging && (
                  <CoverButton key={slot} application={application} slot={slot} shown={shown} onSee={see} />
                )
              }
              onPrevious={
                documents.length > 1
                  ? () => {
                      turn(-1)
                    }
                  : undefined
              }
              onNext={
                documents.length > 1
                  ? () => {
                      turn(1)
                    }
                  : undefined
              }
              header={
                <div className={styles.slots}>
                  {documents.map((item) => (
                    <button
                      key={item.key}
                      type="button"
                      aria-pressed={item.key === slot}
                      className={styles.slot}
                      data-state={item.state}
                      onClick={() => {
                        activate(item.key)
                      }}
                    >
                      {words.item(item.key)}
                    </button>
                  ))}
                </div>
              }
            />
          ) : (
            <div className="sheet">
              <EmptyState title={t('case.noDocuments')} />
            </div>
          )}
        </div>
        <ItemList
          application={application}
          judging={judging}
          active={active}
          slot={slot}
          picking={picking}
          failure={accept.error ?? withdraw.error}
          onActivate={activate}
          onPick={setPicking}
          onSee={see}
        />
        <aside className={styles.rail} aria-label={t('case.decision')}>
          <DecisionPanel application={application} mine={mine} onSee={see} />
          <DuplicatesPanel id={application.id} />
          <NotesPanel application={application} />
          <div ref={history} tabIndex={-1}>
            <HistoryPanel id={application.id} />
          </div>
        </aside>
      </div>
    </div>
  )
}
