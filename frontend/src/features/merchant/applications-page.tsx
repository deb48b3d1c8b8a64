import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, Navigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { applicationsQuery } from '@/api/applications'
import { useChanges } from '@/api/changes'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { ButtonLink } from '@/ui/button-link'
import { useFormats } from '@/i18n/format'
import { DeadlineBadge } from '@/ui/deadline-badge'
import { EmptyState } from '@/ui/empty-state'
import { ListAge } from '@/ui/list-age'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { stageTone } from '@/ui/stage'
import { StatusTag } from '@/ui/status-tag'
import styles from './applications-page.module.css'

/** A merchant's own application, or an agent's merchants. */
export function ApplicationsPage() {
  const { t } = useTranslation('merchant')
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  const identity = useIdentity()
  const agent = identity?.role === 'agent'
  const list = useInfiniteQuery(applicationsQuery({}))
  const rows = list.data?.pages.flatMap((page) => page.rows) ?? []
  useChanges(() => void list.refetch())
  const [only] = rows
  // A merchant almost always has one application; a list of one is in the way.
  if (!agent && rows.length === 1 && only) {
    return <Navigate to="/applications/$id" params={{ id: only.id }} replace />
  }
  return (
    <Page
      title={agent ? t('list.merchants') : t('list.mine')}
      lead={agent ? t('list.lead') : undefined}
      actions={
        agent && (
          <ButtonLink to="/applications/new" primary>
            {t('list.add')}
          </ButtonLink>
        )
      }
    >
      <ListAge again={() => void list.refetch()} />
      {list.isPending && <Loading />}
      <ProblemNotice error={list.error} onSee={() => void list.refetch()} />
      {list.isSuccess && rows.length === 0 && (
        <div className="sheet">
          <EmptyState title={agent ? t('list.noneAgent') : t('list.none')}>{t('list.noneBody')}</EmptyState>
        </div>
      )}
      {rows.length > 0 && (
        <ul className={`sheet ${styles.list}`}>
          {rows.map((row) => (
            <li key={row.id}>
              <Link to="/applications/$id" params={{ id: row.id }} className={styles.row}>
                <span className={styles.name}>
                  <strong>{row.name || t('list.unnamed')}</strong>
                  <span className="muted">
                    <span className="mono">{row.merchant_number}</span> · {terms(`kinds.${row.kind}`)} ·{' '}
                    {format.list(row.products.map((product) => terms(`products.${product}`)))}
                  </span>
                </span>
                <StatusTag tone={stageTone(row.stage)}>{terms(`stages.${row.stage}`)}</StatusTag>
                <span className={styles.turn}>
                  {row.holder === 'merchant'
                    ? t('list.yourTurn')
                    : row.holder === 'platform' && terms('holders.platform')}
                  {row.due && <DeadlineBadge due={row.due} />}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>{t('list.more')}</Button>}
    </Page>
  )
}
