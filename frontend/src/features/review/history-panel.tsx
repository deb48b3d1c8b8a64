import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Segmented } from 'antd'
import { useState } from 'react'
import { usePersonName } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { categoryOf, isEventKind, type EventCategory } from '@/ui/event-kinds'
import { useEventText } from '@/ui/event-text'
import { Loading } from '@/ui/loading'
import { ProblemNotice } from '@/ui/problem-notice'
import { Timeline } from '@/ui/timeline'
import { Panel } from './panel'
import { historyQuery } from './review.api'

const filters = ['all', 'decision', 'merchant', 'review'] as const
const few = 12

/** What happened so far, newest first. */
export function HistoryPanel({ id }: { id: string }) {
  const { t } = useTranslation('staff')
  const name = usePersonName()
  const format = useFormats()
  const say = useEventText()
  const history = useInfiniteQuery(historyQuery(id))
  const [filter, setFilter] = useState<'all' | EventCategory>('all')
  const [all, setAll] = useState(false)
  const entries = (history.data?.pages ?? [])
    .flatMap((page) => page.entries)
    .filter((entry) => filter === 'all' || (isEventKind(entry.type) && categoryOf(entry.type) === filter))
    .reverse()
  const shown = all ? entries : entries.slice(0, few)
  return (
    <Panel title={t('history.title')}>
      <Segmented
        size="small"
        value={filter}
        aria-label={t('history.filter')}
        onChange={(value) => {
          setFilter(value as 'all' | EventCategory)
        }}
        options={filters.map((value) => ({ value, label: t(`history.filters.${value}`) }))}
      />
      {history.isPending && <Loading rows={4} />}
      <ProblemNotice error={history.error} onSee={() => void history.refetch()} />
      <Timeline
        label={t('history.title')}
        entries={shown.map((entry) => {
          const said = say(entry)
          return {
            key: entry.id,
            title: said.title,
            meta: (
              <time dateTime={entry.at} title={format.exact(entry.at)}>
                {format.moment(entry.at)} · {name(entry.by)}
              </time>
            ),
            body: said.body,
            tone: said.tone,
          }
        })}
      />
      {!all && entries.length > few && (
        <Button
          type="link"
          onClick={() => {
            setAll(true)
          }}
        >
          {t('history.older', { count: entries.length - few })}
        </Button>
      )}
      {all && history.hasNextPage && (
        <Button onClick={() => void history.fetchNextPage()}>{t('history.newer')}</Button>
      )}
    </Panel>
  )
}
