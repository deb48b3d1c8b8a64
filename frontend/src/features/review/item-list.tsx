import { Button, Progress } from 'antd'
import type { Application } from '@/api/applications'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import { grouped, openReasons, progress } from './case'
import styles from './item-list.module.css'
import { ItemRow } from './item-row'
import { useAcceptItems } from './review.api'

interface Props {
  application: Application
  judging: boolean
  active: string
  slot: string
  picking: { item: string; preset?: number } | undefined
  /** What a key asked for and was refused. */
  failure: unknown
  onActivate: (item: string) => void
  onPick: (picking: { item: string; preset?: number } | undefined) => void
  onSee: () => void
}

/** The form's values and the documents, item by item, as they are judged. */
export function ItemList({
  application,
  judging,
  active,
  slot,
  picking,
  failure,
  onActivate,
  onPick,
  onSee,
}: Props) {
  const { t } = useTranslation('staff')
  const accept = useAcceptItems(application)
  const { accepted, needed } = progress(application)
  const raised = new Set(openReasons(application).map((reason) => reason.target))
  return (
    <section className="sheet" aria-label={t('items.title')}>
      <div className={styles.head}>
        <h2>{t('items.title')}</h2>
        <span className={styles.progress}>
          <span className="muted">{t('items.progress', { accepted, needed })}</span>
          <Progress
            percent={needed === 0 ? 100 : Math.round((accepted / needed) * 100)}
            showInfo={false}
            size="small"
            aria-label={t('items.progress', { accepted, needed })}
            className={styles.meter ?? ''}
          />
        </span>
      </div>
      <div className={styles.failure}>
        <ProblemNotice error={failure ?? accept.error} onSee={onSee} />
      </div>
      {grouped(application).map(({ group, items }) => {
        const ready = items.filter(
          (item) =>
            item.class !== 'site' &&
            (item.value ?? item.document) &&
            !item.waived &&
            item.state !== 'accepted' &&
            !raised.has(item.key),
        )
        return (
          <section key={group} aria-label={t(`items.groups.${group}`)}>
            <div className={styles.group}>
              <h3>{t(`items.groups.${group}`)}</h3>
              {judging && ready.length > 1 && (
                <Button
                  size="small"
                  type="link"
                  loading={accept.isPending && { delay: 300 }}
                  onClick={() => {
                    accept.mutate({ items: ready.map((item) => item.key) })
                  }}
                >
                  {t('items.acceptGroup', { count: ready.length })}
                </Button>
              )}
            </div>
            <ul>
              {items.map((item) => (
                <ItemRow
                  key={item.key}
                  application={application}
                  item={item}
                  judging={judging}
                  active={item.key === active}
                  shownInViewer={item.key === slot}
                  picking={picking?.item === item.key}
                  preset={picking?.item === item.key ? picking.preset : undefined}
                  onActivate={() => {
                    onActivate(item.key)
                  }}
                  onPick={(open) => {
                    onPick(open ? { item: item.key } : undefined)
                  }}
                  onSee={onSee}
                />
              ))}
            </ul>
          </section>
        )
      })}
    </section>
  )
}
