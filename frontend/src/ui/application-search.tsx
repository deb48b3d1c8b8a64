import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Input } from 'antd'
import { applicationsQuery } from '@/api/applications'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { atMost } from './text'
import styles from './application-search.module.css'
import { EmptyState } from './empty-state'
import { ListAge } from './list-age'
import { Loading } from './loading'
import { ProblemNotice } from './problem-notice'
import { stageTone } from './stage'
import { StatusTag } from './status-tag'

interface Props {
  q: string
  onSearch: (q: string) => void
  /** The page that shows a found application. */
  to: '/cases/$id' | '/audit/$id'
}

/** A search box and what it found. */
export function ApplicationSearch({ q, onSearch, to }: Props) {
  const { t } = useTranslation()
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  const found = useInfiniteQuery(applicationsQuery(q ? { q } : {}))
  const rows = found.data?.pages.flatMap((page) => page.rows) ?? []
  return (
    <div className={styles.search}>
      <Input.Search
        key={q}
        defaultValue={q}
        size="large"
        allowClear
        enterButton={t('search.go')}
        aria-label={t('search.label')}
        placeholder={t('search.placeholder')}
        {...atMost(200)}
        onSearch={(text) => {
          onSearch(text.trim())
        }}
      />
      <ListAge again={() => void found.refetch()} />
      {found.isPending && <Loading rows={6} />}
      <ProblemNotice error={found.error} />
      {found.isSuccess && rows.length === 0 && (
        <div className="sheet">
          <EmptyState title={q ? t('search.nothing', { q }) : t('search.none')}>
            {t('search.hint')}
          </EmptyState>
        </div>
      )}
      {rows.length > 0 && (
        <ul className={`sheet ${styles.list}`} aria-label={t('search.results')}>
          {rows.map((row) => (
            <li key={row.id}>
              <Link to={to} params={{ id: row.id }} className={styles.row}>
                <span className={styles.name}>
                  <strong>{row.name || row.merchant_number}</strong>
                  <span className="muted">
                    <span className="mono">{row.merchant_number}</span> · {terms(`kinds.${row.kind}`)}
                    {row.domain && ` · ${row.domain}`}
                  </span>
                </span>
                <StatusTag tone={stageTone(row.stage)}>{terms(`stages.${row.stage}`)}</StatusTag>
                <span className={styles.when}>{format.moment(row.updated_at)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {found.hasNextPage && <Button onClick={() => void found.fetchNextPage()}>{t('search.more')}</Button>}
    </div>
  )
}
