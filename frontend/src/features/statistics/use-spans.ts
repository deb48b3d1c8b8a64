import { useMemo } from 'react'
import { useTranslation } from '@/i18n'

/** Spans of time and shares as a person says them, without false precision. */
export interface Spans {
  /** Business time: a working day has nine hours. */
  business: (seconds: number | undefined) => string
  /** Time by the clock. */
  clock: (seconds: number | undefined) => string
  percent: (share: number | undefined) => string
}

const none = '–'

export function spansIn(language: string, workingDays: (days: number) => string): Spans {
  const unit = (value: number, name: string, digits: number) =>
    new Intl.NumberFormat(language, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    }).format(value)
  const short = (seconds: number) =>
    seconds < 3600
      ? unit(Math.max(1, Math.round(seconds / 60)), 'minute', 0)
      : unit(seconds / 3600, 'hour', seconds < 36_000 ? 1 : 0)
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 })
  return {
    business: (seconds) => {
      if (seconds === undefined) return none
      return seconds < 9 * 3600 ? short(seconds) : workingDays(Math.round((seconds / 9 / 3600) * 10) / 10)
    },
    clock: (seconds) => {
      if (seconds === undefined) return none
      return seconds < 48 * 3600 ? short(seconds) : unit(seconds / 86_400, 'day', 1)
    },
    percent: (share) => (share === undefined ? none : percent.format(share)),
  }
}

export function useSpans(): Spans {
  const { t, i18n } = useTranslation('statistics')
  return useMemo(
    () =>
      spansIn(i18n.language, (days) =>
        t('spans.workingDays', { count: days, n: new Intl.NumberFormat(i18n.language).format(days) }),
      ),
    [t, i18n.language],
  )
}
