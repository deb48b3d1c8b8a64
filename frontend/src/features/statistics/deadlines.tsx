import { useTranslation } from '@/i18n'
import { Plot } from './plot'
import { share, sum, summed, together, type Bins } from './series'
import type { Statistics } from './statistics.api'
import { useSpans } from './use-spans'

/** Whether the platform was in time. */
export function Deadlines({ data, bins }: { data: Statistics; bins: Bins }) {
  const { t } = useTranslation('statistics')
  const { t: terms } = useTranslation('terms')
  const spans = useSpans()
  const queues = data.queues ?? []
  const late = queues.filter(({ missed }) => sum(missed) > 0)
  const worst = late
    .map((queue) => ({ queue: queue.queue, share: share(sum(queue.missed), sum(queue.met)) ?? 0 }))
    .sort((a, b) => b.share - a.share)[0]
  return (
    <Plot
      title={t('deadlines.title')}
      note={
        worst
          ? t('deadlines.worst', { queue: terms(`queues.${worst.queue}`), share: spans.percent(worst.share) })
          : t('deadlines.note')
      }
      bins={bins}
      shape="columns"
      lines={[
        {
          name: t('deadlines.met'),
          values: summed(together(...queues.map(({ met }) => met)), bins),
          tone: 1,
        },
        {
          name: t('deadlines.missed'),
          values: summed(together(...queues.map(({ missed }) => missed)), bins),
          tone: 2,
        },
      ]}
    />
  )
}
