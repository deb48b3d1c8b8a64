import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { share, sum } from './series'
import type { Statistics } from './statistics.api'
import styles from './statistics-page.module.css'
import { useSpans } from './use-spans'

/** The few numbers that one looks at first. */
export function Figures({ data }: { data: Statistics }) {
  const { t } = useTranslation('statistics')
  const format = useFormats()
  const spans = useSpans()
  const queues = data.queues ?? []
  const last = (name: 'all' | 'merchant') =>
    queues
      .filter(({ queue }) => (queue === 'correction') === (name === 'merchant'))
      .reduce((n, { depth }) => n + (depth.at(-1) ?? 0), 0)
  const met = queues.reduce((n, queue) => n + sum(queue.met), 0)
  const missed = queues.reduce((n, queue) => n + sum(queue.missed), 0)
  const accepted = sum(data.first_round?.accepted ?? [])
  const rejected = sum(data.first_round?.not_accepted ?? [])
  const platform = data.turns?.find(({ turn }) => turn === 'platform')
  const figures = [
    {
      key: 'waiting',
      value: format.number(last('all')),
      note: t('figures.waitingNote', { count: last('merchant'), n: format.number(last('merchant')) }),
    },
    {
      key: 'inTime',
      value: spans.percent(share(met, missed)),
      note: t('figures.inTimeNote', { met: format.number(met), all: format.number(met + missed) }),
    },
    {
      key: 'firstRound',
      value: spans.percent(share(accepted, rejected)),
      note: t('figures.firstRoundNote', {
        accepted: format.number(accepted),
        all: format.number(accepted + rejected),
      }),
    },
    {
      key: 'answer',
      value: spans.business(platform?.median_seconds),
      note: t('figures.answerNote', { span: spans.business(platform?.ninetieth_seconds) }),
    },
  ] as const
  return (
    <dl className={styles.figures}>
      {figures.map(({ key, value, note }) => (
        <div key={key} className={`sheet ${styles.figure}`}>
          <dt>{t(`figures.${key}`)}</dt>
          <dd className={styles.value}>{value}</dd>
          <dd className={styles.about}>{note}</dd>
        </div>
      ))}
    </dl>
  )
}
