import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { OwnAgreement } from './agreement'
import { Plot } from './plot'
import { sum, summed, type Bins } from './series'
import type { Statistics } from './statistics.api'
import styles from './statistics-page.module.css'
import { useSpans } from './use-spans'

/** What the person who looks did herself. */
export function Own({ data, bins }: { data: Statistics; bins: Bins }) {
  const { t } = useTranslation('statistics')
  const format = useFormats()
  const spans = useSpans()
  const { own } = data
  const claimed = sum(own.claimed)
  const figures = [
    ['claimed', format.number(claimed)],
    ['decided', format.number(sum(own.decided))],
    ['returned', format.number(sum(own.returned))],
    ['held', claimed > 0 ? spans.clock(sum(own.held_seconds) / claimed) : '–'],
  ] as const
  return (
    <div className={styles.page}>
      <dl className={styles.figures}>
        {figures.map(([key, value]) => (
          <div key={key} className={`sheet ${styles.figure}`}>
            <dt>{t(`load.${key}`)}</dt>
            <dd className={styles.value}>{value}</dd>
          </div>
        ))}
      </dl>
      <Plot
        title={t('own.title')}
        note={t('own.note')}
        bins={bins}
        shape="columns"
        lines={[{ name: t('load.decided'), values: summed(own.decided, bins), tone: 1 }]}
      />
      <OwnAgreement data={data} bins={bins} />
    </div>
  )
}
