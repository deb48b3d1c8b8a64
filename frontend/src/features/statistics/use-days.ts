import { useMemo } from 'react'
import { useTranslation } from '@/i18n'
import type { Bins } from './series'

/** Writes days of the platform's calendar, which have no hour and no zone. */
export interface Days {
  short: (day: string) => string
  long: (day: string) => string
  range: (from: string, to: string) => string
  /** A bin: its day, or its first and last. */
  bin: (bins: Bins, index: number) => string
}

const at = (day: string) => new Date(`${day}T00:00:00Z`)

export function daysIn(language: string): Days {
  const short = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', timeZone: 'UTC' })
  const long = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' })
  const range = (from: string, to: string) => long.formatRange(at(from), at(to))
  return {
    short: (day) => short.format(at(day)),
    long: (day) => long.format(at(day)),
    range,
    bin: ({ size, starts }, index) => {
      const start = starts[index] ?? ''
      if (size === 1) return long.format(at(start))
      const end = new Date(at(start).getTime() + (size - 1) * 86_400_000)
      return long.formatRange(at(start), end)
    },
  }
}

export function useDays(): Days {
  const { i18n } = useTranslation()
  return useMemo(() => daysIn(i18n.language), [i18n.language])
}
