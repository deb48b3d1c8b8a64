import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useChanges } from '@/api/changes'
import { listsKey } from '@/api/command'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { EmptyState } from '@/ui/empty-state'
import { Keys } from '@/ui/key-cap'
import { useKeys } from '@/ui/keys'
import { ListAge } from '@/ui/list-age'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { BulkBar } from './bulk-bar'
import { Desk } from './desk'
import { FilterBar } from './filter-bar'
import { queueNames, type Filters, type QueueName } from './filters'
import { QueueGrid } from './queue-grid'
import styles from './queue-page.module.css'
import { queueQuery, queuesQuery } from './queue.api'

// Pages that are looked through for the first row of a rare filter.
const stretch = 10

// Queues of work that one can take the next case from.
const claimable: readonly QueueName[] = [
  'qualification',
  'second_approval',
  'icp',
  'website',
  'contract',
  'breached',
]

/** The totals are read anew at most this often, in milliseconds. */
const totalsEvery = 10_000
const none: ReadonlySet<string> = new Set()

export function QueuePage({ queue, filters }: { queue: QueueName; filters: Filters }) {
  const { t } = useTranslation('staff')
  const { t: shell } = useTranslation()
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const reader = useIdentity()
  const queues = useQuery(queuesQuery)
  const page = useInfiniteQuery(queueQuery(queue, filters))
  const rows = page.data?.pages.flatMap((p) => p.rows) ?? []
  const first = page.data?.pages[0]
  // The server looks at so many rows for one page; what is rare may lie further on.
  // The page looks on by itself for one stretch, and then waits to be told.
  const { hasNextPage, isFetchingNextPage, isError, fetchNextPage } = page
  const searching =
    page.isSuccess &&
    rows.length === 0 &&
    hasNextPage &&
    (page.data.pages.length % stretch !== 0 || isFetchingNextPage)
  useEffect(() => {
    if (searching && !isFetchingNextPage && !isError) void fetchNextPage()
  }, [searching, isFetchingNextPage, isError, fetchNextPage])
  const summary = queues.data?.queues.find((q) => q.queue === queue)
  const [news, setNews] = useState(0)
  const seen = useRef(new Set<string>())
  // The second approval is a lead's.
  const canClaim = claimable.includes(queue) && (queue !== 'second_approval' || reader?.role === 'lead')
  const filtered = Object.keys(filters).some((key) => key !== 'sort')
  // A selection belongs to the list it was made in.
  const list = JSON.stringify([queue, filters])
  const [selection, setSelection] = useState<{ list: string; ids: ReadonlySet<string> }>()
  const chosen = reader?.role === 'lead' ? (selection?.list === list ? selection.ids : none) : undefined
  const choose = (ids: ReadonlySet<string>) => {
    setSelection({ list, ids })
  }

  const heard = useRef(0)
  useChanges(({ changes, queues: touched, behind }) => {
    for (const { id, revision, queues: concerned } of changes) {
      const known = rows.find((row) => row.id === id)
      const here = queue === 'mine' ? undefined : concerned?.includes(queue)
      if (known ? known.revision < revision : here) seen.current.add(id)
    }
    // What is not named still may have left this list, or stand in it.
    if (behind || (touched.includes(queue) && changes.length === 0)) seen.current.add('')
    setNews(seen.current.size)
    // The totals beside the list follow by themselves, but not with every change.
    if (behind || touched.length > 0) {
      heard.current ||= window.setTimeout(() => {
        heard.current = 0
        void queries.invalidateQueries({ queryKey: queuesQuery.queryKey })
      }, totalsEvery)
    }
  })
  useEffect(
    () => () => {
      clearTimeout(heard.current)
    },
    [],
  )
  async function showNews() {
    seen.current.clear()
    setNews(0)
    await queries.invalidateQueries({ queryKey: listsKey })
  }

  const group = shell('keys.queue')
  useKeys([
    {
      keys: 'KeyC',
      label: t('queue.claimNext'),
      group,
      disabled: !canClaim,
      run: () => void navigate({ to: '/queue/$queue/next', params: { queue } }),
    },
    { keys: 'KeyN', label: t('queue.showNew'), group, run: () => void showNews() },
  ])

  const total = filtered ? first?.total : (first?.total ?? summary?.total)
  // Whose queue it is holds all of it, so there the number says nothing.
  const claimed = queue === 'mine' ? 0 : (first?.claimed ?? summary?.claimed ?? 0)
  const lead = [
    filtered &&
      first &&
      t(total === undefined ? 'queue.foundMore' : 'queue.found', {
        count: total ?? rows.length,
        n: format.number(total ?? rows.length),
      }),
    !filtered &&
      total !== undefined &&
      total > 0 &&
      t(queue === 'mine' ? 'queue.yours' : 'queue.waiting', { count: total, n: format.number(total) }),
    !filtered && claimed > 0 && t('queue.claimed', { count: claimed, n: format.number(claimed) }),
    !filtered && summary?.breached
      ? t('queue.overdue', { count: summary.breached, n: format.number(summary.breached) })
      : false,
  ].filter((part) => part !== false)

  return (
    <Page
      title={terms(`queues.${queue}`)}
      lead={lead.join(' · ')}
      actions={
        canClaim && (
          <Link to="/queue/$queue/next" params={{ queue }} className={styles.claim} preload={false}>
            {t('queue.claimNext')}
            <Keys keys="KeyC" />
          </Link>
        )
      }
    >
      <div className={styles.body}>
        <div className={styles.side}>
          <nav className={styles.queues} aria-label={t('queue.list')}>
            {queueNames.map((name) => {
              const info = queues.data?.queues.find((q) => q.queue === name)
              return (
                <Link
                  key={name}
                  to="/queue/$queue"
                  params={{ queue: name }}
                  className={styles.queue}
                  activeProps={{ className: styles.current, 'aria-current': 'page' }}
                >
                  <span>{terms(`queues.${name}`)}</span>
                  {info && (
                    <span className={name === 'breached' && info.total > 0 ? styles.alarm : styles.count}>
                      {format.number(info.total)}
                    </span>
                  )}
                </Link>
              )
            })}
          </nav>
          {reader?.role !== 'auditor' && <Desk />}
        </div>
        <div className={styles.list}>
          <FilterBar queue={queue} filters={filters} />
          {/* Rows never move under the cursor: what is asked again are the totals. */}
          <ListAge
            again={() => void queries.invalidateQueries({ queryKey: queuesQuery.queryKey })}
            onFresh={() => {
              seen.current.add('')
              setNews(seen.current.size)
            }}
          />
          {news > 0 && (
            <button type="button" className={styles.news} onClick={() => void showNews()}>
              {t('queue.news', { count: news, n: format.number(news) })} <Keys keys="KeyN" />
            </button>
          )}
          <ProblemNotice error={page.error} onSee={() => void page.refetch()} />
          {(page.isPending || searching) && <Loading rows={8} />}
          {page.isSuccess && rows.length === 0 && !searching && (
            <div className="sheet">
              <EmptyState
                title={
                  hasNextPage
                    ? t('queue.soFar')
                    : claimed > 0 && !filtered
                      ? t('queue.allClaimed', { count: claimed, n: format.number(claimed) })
                      : t('queue.empty')
                }
              >
                {hasNextPage
                  ? t('queue.aboutSoFar')
                  : filtered
                    ? t('queue.emptyFiltered')
                    : t(`queue.about.${queue}`)}
              </EmptyState>
            </div>
          )}
          {chosen && <BulkBar key={list} rows={rows} chosen={chosen} onChoose={choose} onDone={showNews} />}
          {rows.length > 0 && (
            <QueueGrid rows={rows} queue={queue} total={total} chosen={chosen} onChoose={choose} />
          )}
          {hasNextPage && (!searching || isError) && (
            <div className={styles.more}>
              <Button onClick={() => void fetchNextPage()} loading={isFetchingNextPage && { delay: 300 }}>
                {t('queue.more')}
              </Button>
            </div>
          )}
        </div>
      </div>
    </Page>
  )
}
