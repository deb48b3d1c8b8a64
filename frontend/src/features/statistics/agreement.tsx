import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { Plot } from './plot'
import { share, sum, summed, type Bins, type Series } from './series'
import type { Statistics } from './statistics.api'
import styles from './statistics-page.module.css'
import { useSpans } from './use-spans'

const without = (all: Series, part: Series) => all.map((n, i) => n - (part[i] ?? 0))

/** How often a second person who knew nothing of it came to the same decision. */
export function Agreement({ data, bins }: { data: Statistics; bins: Bins }) {
  const { t } = useTranslation('statistics')
  const { samples } = data
  if (!samples) return null
  return (
    <Looks
      note={t('agreement.note', { count: sum(samples.drawn) })}
      looks={{ ...samples, sampled: samples.judged }}
      bins={bins}
    />
  )
}

/** The same of the reader's own decisions. */
export function OwnAgreement({ data, bins }: { data: Statistics; bins: Bins }) {
  const { t } = useTranslation('statistics')
  return <Looks note={t('agreement.ownNote')} looks={data.own} bins={bins} />
}

interface LooksProps {
  note: string
  looks: { sampled: Series; agreed: Series; reasons_shared: Series; reasons_named: Series }
  bins: Bins
}

function Looks({ note, looks, bins }: LooksProps) {
  const { t } = useTranslation('statistics')
  const format = useFormats()
  const spans = useSpans()
  const judged = sum(looks.sampled)
  const agreed = sum(looks.agreed)
  const named = sum(looks.reasons_named)
  const shared = sum(looks.reasons_shared)
  return (
    <Plot
      title={t('agreement.title')}
      note={note}
      bins={bins}
      shape="columns"
      lines={[
        { name: t('agreement.same'), values: summed(looks.agreed, bins), tone: 3 },
        { name: t('agreement.other'), values: summed(without(looks.sampled, looks.agreed), bins), tone: 2 },
      ]}
      aside={
        judged > 0 && (
          <>
            <p className={styles.value}>{spans.percent(share(agreed, judged - agreed))}</p>
            <p className={styles.about}>
              {t('agreement.of', { agreed: format.number(agreed), all: format.number(judged) })}
              {named > 0 && ` ${t('agreement.reasons', { share: spans.percent(shared / named) })}`}
            </p>
          </>
        )
      }
    />
  )
}
