import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from '@/i18n'
import { ListAge } from '@/ui/list-age'
import { Loading } from '@/ui/loading'
import { LookAlarms } from '@/ui/look-alarms'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { Agreement } from './agreement'
import { Deadlines } from './deadlines'
import { Figures } from './figures'
import { Agents, Reviewers } from './members'
import { Own } from './own'
import { Plot } from './plot'
import { Queues } from './queues'
import { Reasons } from './reasons'
import { binsOf, summed, together } from './series'
import { ranges, type Range } from './statistics-search'
import { statisticsQuery } from './statistics.api'
import styles from './statistics-page.module.css'
import { Turns } from './turns'
import { useDays } from './use-days'

/** What happened lately: everything for who leads or oversees, the own part for a reviewer. */
export function StatisticsPage({ range }: { range: Range }) {
  const { t } = useTranslation('statistics')
  const days = useDays()
  const query = useQuery(statisticsQuery(ranges[range]))
  const data = query.data
  const bins = binsOf(data?.days ?? [])
  return (
    <Page
      title={data && !data.flow ? t('titleOwn') : t('title')}
      lead={data && t('lead', { range: days.range(data.from, data.to), zone: data.zone })}
      actions={
        <nav className={styles.ranges} aria-label={t('ranges.label')}>
          {Object.keys(ranges).map((name) => (
            <Link
              key={name}
              to="/statistics"
              search={{ range: name as Range }}
              replace
              className={styles.range}
              {...(name === range && { 'aria-current': 'true' })}
            >
              {t(`ranges.${name as Range}`)}
            </Link>
          ))}
        </nav>
      }
    >
      <LookAlarms />
      <ListAge of="reports" again={() => void query.refetch()} />
      <ProblemNotice error={query.error} onSee={() => void query.refetch()} />
      {query.isPending && <Loading rows={8} />}
      {data?.flow && (
        <div className={styles.page}>
          <Figures data={data} />
          <div className={styles.two}>
            <Plot
              title={t('flow.title')}
              note={t('flow.note')}
              bins={bins}
              shape="lines"
              lines={[
                {
                  name: t('flow.handedIn'),
                  values: summed(together(data.flow.submitted, data.flow.resubmitted), bins),
                  tone: 1,
                },
                { name: t('flow.returned'), values: summed(data.flow.returned, bins), tone: 2 },
                { name: t('flow.activated'), values: summed(data.flow.activated, bins), tone: 3 },
              ]}
            />
            <Deadlines data={data} bins={bins} />
          </div>
          <Queues data={data} bins={bins} />
          <div className={styles.two}>
            <Turns data={data} turn="platform" />
            <Turns data={data} turn="merchant" />
          </div>
          <div className={styles.two}>
            <Reasons data={data} />
            <Agents data={data} />
          </div>
          <Agreement data={data} bins={bins} />
          <Reviewers data={data} />
        </div>
      )}
      {data && !data.flow && <Own data={data} bins={bins} />}
    </Page>
  )
}
