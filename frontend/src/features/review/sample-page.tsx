import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ItemView } from '@/api/applications'
import { useWords } from '@/api/reference'
import { languages, useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ButtonLink } from '@/ui/button-link'
import { DeadlineBadge } from '@/ui/deadline-badge'
import { DocumentViewer, type Viewable } from '@/ui/document-viewer'
import { EmptyState } from '@/ui/empty-state'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { grouped } from './case'
import styles from './case-page.module.css'
import list from './item-list.module.css'
import { Facts, Panel } from './panel'
import { SampleItem } from './sample-item'
import { sampleQuery, type Fault, type Sample } from './sample.api'
import { VerdictPanel } from './verdict-panel'

/** The evidence of a decision, for a person who knows nothing of the decision. */
export function SamplePage({ id }: { id: string }) {
  const { t } = useTranslation('staff')
  const sample = useQuery(sampleQuery(id))
  return (
    <Page
      title={t('samples.one')}
      lead={t('samples.oneLead')}
      actions={<ButtonLink to="/samples">{t('samples.back')}</ButtonLink>}
    >
      {sample.data ? (
        <SecondLook sample={sample.data} />
      ) : sample.error ? (
        <ProblemNotice error={sample.error} onSee={() => void sample.refetch()} />
      ) : (
        <Loading rows={10} />
      )}
    </Page>
  )
}

function SecondLook({ sample }: { sample: Sample }) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const format = useFormats()
  const parts = grouped({ items: sample.items, stage: 'qualification' })
  const documents = parts.flatMap((part) => part.items).filter((item) => item.document)
  const [slot, setSlot] = useState(() => documents[0]?.key ?? '')
  const [picking, setPicking] = useState('')
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const judged = sample.verdict !== undefined

  const proving = (key: string): string | undefined =>
    documents.find((item) => words.reference?.items.find((i) => i.key === item.key)?.proves?.includes(key))
      ?.key
  const look = (key: string) => {
    const target = documents.some((item) => item.key === key) ? key : proving(key)
    if (target) setSlot(target)
  }
  const viewable = (item: ItemView | undefined): Viewable | undefined =>
    item?.document && { document: item.document.id, pages: item.document.pages, label: words.item(item.key) }
  const shownItem = documents.find((item) => item.key === slot)
  const shown = viewable(shownItem)
  const earlier = shownItem?.previous?.find((version) => version.document)

  return (
    <div className={styles.columns}>
      <div className={styles.viewer}>
        {shown ? (
          <DocumentViewer
            application={sample.id}
            kind="samples"
            shown={shown}
            earlier={
              earlier?.document && {
                document: earlier.document.id,
                pages: earlier.document.pages,
                label: t('case.inRound', { item: shown.label, round: earlier.round }),
              }
            }
            header={
              <div className={styles.slots}>
                {documents.map((item) => (
                  <button
                    key={item.key}
                    type="button"
                    aria-pressed={item.key === slot}
                    className={styles.slot}
                    data-state={faults.some((fault) => fault.target === item.key) ? 'rejected' : 'given'}
                    onClick={() => {
                      setSlot(item.key)
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
      <section className="sheet" aria-label={t('items.title')}>
        {parts.map(({ group, items }) => (
          <section key={group} aria-label={t(`items.groups.${group}`)}>
            <div className={list.group}>
              <h3>{t(`items.groups.${group}`)}</h3>
            </div>
            <ul>
              {items.map((item) => (
                <SampleItem
                  key={item.key}
                  sample={sample}
                  item={item}
                  faults={faults.filter((fault) => fault.target === item.key)}
                  judging={!judged}
                  picking={picking === item.key}
                  shownInViewer={item.key === slot}
                  onLook={() => {
                    look(item.key)
                  }}
                  onPick={(open) => {
                    setPicking(open ? item.key : '')
                  }}
                  onFaults={(own) => {
                    setFaults([...faults.filter((fault) => fault.target !== item.key), ...own])
                  }}
                />
              ))}
            </ul>
          </section>
        ))}
      </section>
      <aside className={styles.rail} aria-label={t('samples.verdict')}>
        <VerdictPanel sample={sample} faults={faults} />
        <Panel title={t('samples.about')}>
          <Facts
            facts={[
              [t('samples.due'), <DeadlineBadge key="due" due={sample.due} />],
              [t('samples.kind'), terms(`kinds.${sample.kind}`)],
              [
                t('samples.products'),
                format.list(sample.products.map((product) => terms(`products.${product}`))),
              ],
              [t('samples.language'), languages[sample.language]],
              [t('samples.round'), format.number(sample.round)],
              [t('samples.policy'), sample.policy],
            ]}
          />
        </Panel>
      </aside>
    </div>
  )
}
