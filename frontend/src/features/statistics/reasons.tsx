import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { Bars } from './bars'
import { sum } from './series'
import type { Statistics } from './statistics.api'

/** What merchants were told to put right, the most frequent first. */
export function Reasons({ data }: { data: Statistics }) {
  const { t } = useTranslation('statistics')
  const words = useWords()
  const bars = (data.reasons ?? [])
    .map(({ code, told }) => ({
      key: code,
      label: (
        <>
          <span className="mono">{code}</span> {words.reason(code)}
        </>
      ),
      value: sum(told),
    }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value || a.key.localeCompare(b.key))
  return (
    <Bars
      title={t('reasons.title')}
      note={t('reasons.note')}
      caption={t('reasons.title')}
      columns={[t('reasons.reason'), t('reasons.told')]}
      empty={t('nothing')}
      tone={2}
      bars={bars}
    />
  )
}
