import { useInfiniteQuery, usePrefetchQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Slider, Tabs } from 'antd'
import { useEffect, useRef } from 'react'
import type { Schemas } from '@/api/client'
import { applicationKey } from '@/api/command'
import { ProblemError } from '@/api/problem'
import { usePersonName } from '@/api/reference'
import { forgetWhy, stateWhy, whyOf, whyRequired } from '@/api/why'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { useEventText } from '@/ui/event-text'
import { Keys } from '@/ui/key-cap'
import { useKeys } from '@/ui/keys'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { AccessList } from './access-list'
import { historyQuery, momentQuery } from './audit.api'
import { Changes } from './changes'
import { EventRecord } from './event-record'
import { ApplicationThen, StatusThen } from './moment-view'
import styles from './replay-page.module.css'
import type { ReplaySearch, Tab } from './replay-search'
import { SecondLooks } from './second-looks'
import { WhyGate } from './why-gate'

/** Steps through an application's history and shows how everything stood at each event. */
export function ReplayPage({ id, search }: { id: string; search: ReplaySearch }) {
  const { t } = useTranslation('audit')
  const history = useInfiniteQuery(historyQuery(id))
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = history
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const queries = useQueryClient()
  useEffect(
    () => () => {
      // The visit is over: the next one asks again, and finds nothing kept.
      if (whyOf(id) === undefined) return
      forgetWhy(id)
      queries.removeQueries({ queryKey: applicationKey(id) })
    },
    [id, queries],
  )
  const entries = history.data?.pages.flatMap((page) => page.entries) ?? []
  if (history.error instanceof ProblemError && history.error.code === whyRequired && !history.isFetching) {
    return (
      <WhyGate
        onState={(why) => {
          stateWhy(id, why)
          void history.refetch()
        }}
      />
    )
  }
  if (entries.length === 0) {
    return (
      <Page title={t('replay.title')}>
        {history.error ? <ProblemNotice error={history.error} /> : <Loading rows={10} />}
      </Page>
    )
  }
  return <Replay id={id} search={search} entries={entries} />
}

interface Props {
  id: string
  search: ReplaySearch
  entries: Schemas['HistoryEntry'][]
}

function Replay({ id, search, entries }: Props) {
  const { t } = useTranslation('audit')
  const { t: shell } = useTranslation()
  const format = useFormats()
  const name = usePersonName()
  const say = useEventText()
  const navigate = useNavigate()
  const list = useRef<HTMLOListElement>(null)
  const last = entries.length - 1
  const found = entries.findIndex((entry) => entry.revision === search.at)
  const index = search.at === undefined || found < 0 ? last : found
  const entry = entries[index]
  const revision = entry?.revision ?? 0
  const before = entries[index - 1]?.revision
  const base = search.base ?? before
  const tab = search.tab ?? 'changes'
  const moment = useQuery(momentQuery(id, revision))
  const earlier = useQuery({ ...momentQuery(id, base ?? 0), enabled: base !== undefined })
  // Where each look is recorded, nothing is fetched that was not asked for.
  const ahead = whyOf(id) === undefined ? entries[Math.max(0, index - 1)]?.revision : revision
  usePrefetchQuery(momentQuery(id, ahead ?? 0))

  const show = (change: ReplaySearch) =>
    void navigate({ to: '/audit/$id', params: { id }, search: { ...search, ...change }, replace: true })
  const go = (to: number) => {
    const next = entries[Math.max(0, Math.min(last, to))]
    // A comparison with the step before moves along; a chosen one stays.
    if (next) show({ at: next.revision })
  }
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' })
  }, [index])

  const group = shell('keys.replay')
  useKeys([
    {
      keys: 'KeyJ',
      label: t('replay.next'),
      group,
      run: () => {
        go(index + 1)
      },
    },
    {
      keys: 'KeyK',
      label: t('replay.previous'),
      group,
      run: () => {
        go(index - 1)
      },
    },
    {
      keys: 'Home',
      label: t('replay.first'),
      group,
      run: () => {
        go(0)
      },
    },
    {
      keys: 'End',
      label: t('replay.last'),
      group,
      run: () => {
        go(last)
      },
    },
  ])
  const said = entry && say(entry)
  return (
    <Page
      title={moment.data?.application.name ?? t('replay.title')}
      lead={moment.data && <span className="mono">{moment.data.application.merchant_number}</span>}
    >
      <div className={styles.columns}>
        <nav className={`sheet ${styles.steps}`} aria-label={t('replay.events')}>
          <div className={styles.stepper}>
            <Button
              onClick={() => {
                go(index - 1)
              }}
              disabled={index === 0}
            >
              ← <span className="visually-hidden">{t('replay.previous')}</span>
            </Button>
            <span className={styles.place}>{t('replay.place', { n: index + 1, total: entries.length })}</span>
            <Button
              onClick={() => {
                go(index + 1)
              }}
              disabled={index === last}
            >
              <span className="visually-hidden">{t('replay.next')}</span> →
            </Button>
          </div>
          <div className={styles.slider}>
            <Slider
              min={0}
              max={last}
              value={index}
              onChange={go}
              tooltip={{
                formatter: (value) =>
                  value === undefined ? '' : entries[value] && say(entries[value]).title,
              }}
              ariaLabelForHandle={t('replay.slider')}
            />
          </div>
          <ol className={styles.list} ref={list}>
            {entries.map((each, position) => (
              <li key={each.id}>
                <button
                  type="button"
                  className={`${styles.step} ${position === index ? styles.current : ''}`}
                  aria-current={position === index ? 'step' : undefined}
                  onClick={() => {
                    go(position)
                  }}
                >
                  <span className={styles.revision}>{each.revision}</span>
                  <span>
                    <span className={styles.what}>{say(each).title}</span>
                    <span className={styles.who}>
                      {name(each.by)} · {format.moment(each.at)}
                    </span>
                  </span>
                </button>
              </li>
            ))}
          </ol>
          <p className={styles.hint}>
            <Keys keys="KeyJ" /> <Keys keys="KeyK" /> {t('replay.hint')}
          </p>
        </nav>
        <section className={`sheet ${styles.moment}`} aria-label={t('replay.moment')}>
          {entry && said && (
            <header className={styles.head}>
              <h2>{said.title}</h2>
              {said.body && <p>{said.body}</p>}
              <p className="muted">
                {t('replay.by', { name: name(entry.by), when: format.exact(entry.at) })}
              </p>
            </header>
          )}
          <ProblemNotice error={moment.error ?? earlier.error} />
          <Tabs
            activeKey={tab}
            onChange={(key) => {
              show({ tab: key as Tab })
            }}
            items={[
              {
                key: 'changes',
                label: t('tabs.changes'),
                children: (
                  <Changes
                    entries={entries}
                    index={index}
                    base={base}
                    chosen={search.base}
                    before={earlier.data?.application}
                    after={moment.data?.application}
                    onBase={(value) => {
                      const { base, ...rest } = search
                      void navigate({
                        to: '/audit/$id',
                        params: { id },
                        search: value === undefined ? rest : { ...rest, base: value },
                        replace: true,
                      })
                    }}
                  />
                ),
              },
              {
                key: 'application',
                label: t('tabs.application'),
                children: moment.data ? (
                  <ApplicationThen id={id} application={moment.data.application} />
                ) : (
                  <Loading />
                ),
              },
              {
                key: 'status',
                label: t('tabs.status'),
                children: moment.data ? <StatusThen status={moment.data.status} /> : <Loading />,
              },
              { key: 'record', label: t('tabs.record'), children: entry && <EventRecord entry={entry} /> },
              { key: 'accesses', label: t('tabs.accesses'), children: <AccessList id={id} /> },
              { key: 'looks', label: t('tabs.looks'), children: <SecondLooks id={id} /> },
            ]}
          />
        </section>
      </div>
    </Page>
  )
}
