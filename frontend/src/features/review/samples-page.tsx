import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { languages, useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { DeadlineBadge } from '@/ui/deadline-badge'
import { EmptyState } from '@/ui/empty-state'
import { ListAge } from '@/ui/list-age'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { samplesQuery, type SampleRow } from './sample.api'
import styles from './samples-page.module.css'

/** Decisions that wait for a second, blind look. */
export function SamplesPage() {
  const { t } = useTranslation('staff')
  const format = useFormats()
  const query = useInfiniteQuery(samplesQuery)
  const rows = query.data?.pages.flatMap((page) => page.samples) ?? []
  const waiting = query.data?.pages.at(-1)?.waiting ?? 0
  return (
    <Page title={t('samples.title')} lead={t('samples.lead')} width="narrow">
      <ListAge of="reports" again={() => void query.refetch()} />
      <ProblemNotice error={query.error} onSee={() => void query.refetch()} />
      {query.isPending && <Loading rows={6} />}
      {query.data && (
        <section className="sheet" aria-label={t('samples.list')}>
          {rows.length > 0 ? (
            <ul className={styles.rows}>
              {rows.map((row) => (
                <Row key={row.id} row={row} />
              ))}
            </ul>
          ) : (
            <EmptyState title={t('samples.empty')}>
              {waiting > 0 && t('samples.forOthers', { count: waiting, n: format.number(waiting) })}
            </EmptyState>
          )}
        </section>
      )}
      {query.hasNextPage && (
        <div className={styles.more}>
          <Button
            loading={query.isFetchingNextPage && { delay: 300 }}
            onClick={() => void query.fetchNextPage()}
          >
            {t('queue.more')}
          </Button>
        </div>
      )}
    </Page>
  )
}

function Row({ row }: { row: SampleRow }) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  return (
    <li className={styles.row}>
      <Link to="/samples/$id" params={{ id: row.id }} className={styles.link}>
        <span className={styles.what}>
          {terms(`kinds.${row.kind}`)} ·{' '}
          {format.list(row.products.map((product) => terms(`products.${product}`)))}
        </span>
        <span className="muted">
          {t('samples.decided', { when: format.day(row.decided_at), round: row.round })} ·{' '}
          {languages[row.language]}
        </span>
      </Link>
      <DeadlineBadge due={row.due} />
    </li>
  )
}
