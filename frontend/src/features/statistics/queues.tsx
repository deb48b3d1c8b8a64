import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { Plot } from './plot'
import { ended, sum, type Bins } from './series'
import type { Statistics } from './statistics.api'
import styles from './statistics-page.module.css'

/** How many wait in each queue, each drawn to its own scale. */
export function Queues({ data, bins }: { data: Statistics; bins: Bins }) {
  const { t } = useTranslation('statistics')
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  return (
    <section aria-labelledby="queues">
      <h2 id="queues" className={styles.heading}>
        {t('queues.title')}
      </h2>
      <p className={`muted ${styles.explain}`}>{t('queues.note')}</p>
      <div className={styles.three}>
        {data.queues?.map((queue) => (
          <Plot
            key={queue.queue}
            small
            title={terms(`queues.${queue.queue}`)}
            note={t('queues.flow', {
              in: format.number(sum(queue.in)),
              out: format.number(sum(queue.out)),
            })}
            aside={<span className={styles.now}>{format.number(queue.depth.at(-1) ?? 0)}</span>}
            bins={bins}
            shape="area"
            height={132}
            lines={[{ name: t('queues.waiting'), values: ended(queue.depth, bins), tone: 1 }]}
          />
        ))}
      </div>
    </section>
  )
}
