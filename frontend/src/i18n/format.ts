import { useTranslation } from 'react-i18next'
import { useMemo } from 'react'

/** Numbers, dates and spans of time as the reader's language writes them. */
export interface Formats {
  number: (value: number) => string
  /** Day and minute, in the browser's time zone. */
  moment: (iso: string) => string
  /** As moment, with seconds and the zone's name: for tooltips and evidence. */
  exact: (iso: string) => string
  /**
   * The end of a period: by its last day where it ends at midnight in the platform's place, and
   * else as moment. Nobody reads "17 December, 00:00" as the sixteenth.
   */
  until: (iso: string) => string
  day: (iso: string) => string
  time: (iso: string) => string
  bytes: (value: number) => string
  /** "in 3 hours", "2 days ago": the largest unit that is at least one. */
  relative: (iso: string, now: number) => string
  /** "3 h 20 min": how long, without a direction. */
  span: (milliseconds: number) => string
  /** "12 sec", from a minute on as span: for how long something has been late, in seconds. */
  late: (seconds: number) => string
  list: (values: string[]) => string
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** The last day of a period that ends at midnight in Beijing, and undefined for any other moment. */
function lastDay(iso: string): Date | undefined {
  const at = Date.parse(iso)
  return (at + 8 * 3_600_000) % 86_400_000 === 0 ? new Date(at - 1) : undefined
}

export function formats(language: string, endOf: (day: string) => string = (day) => day): Formats {
  const number = new Intl.NumberFormat(language)
  const moment = new Intl.DateTimeFormat(language, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
  const exact = new Intl.DateTimeFormat(language, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  })
  const day = new Intl.DateTimeFormat(language, { year: 'numeric', month: 'short', day: 'numeric' })
  const platformDay = new Intl.DateTimeFormat(language, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    timeZone: 'Asia/Shanghai',
  })
  const time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const list = new Intl.ListFormat(language, { type: 'conjunction' })
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
  const date = (format: Intl.DateTimeFormat) => (iso: string) => {
    const at = new Date(iso)
    return Number.isNaN(at.getTime()) ? iso : format.format(at)
  }
  const span = (milliseconds: number) => {
    const left = Math.abs(milliseconds)
    const days = Math.floor(left / 86_400_000)
    const hours = Math.floor((left % 86_400_000) / 3_600_000)
    const minutes = Math.floor((left % 3_600_000) / 60_000)
    if (days > 0) return hours > 0 ? `${unit(days, 'day')} ${unit(hours, 'hour')}` : unit(days, 'day')
    if (hours > 0)
      return minutes > 0 ? `${unit(hours, 'hour')} ${unit(minutes, 'minute')}` : unit(hours, 'hour')
    return unit(minutes, 'minute')
  }
  return {
    number: (value) => number.format(value),
    moment: date(moment),
    exact: date(exact),
    until: (iso) => {
      const last = lastDay(iso)
      return last ? endOf(platformDay.format(last)) : date(moment)(iso)
    },
    day: date(day),
    time: date(time),
    bytes: (value) => {
      if (value < 1024) return unit(value, 'byte')
      if (value < 1024 * 1024) return unit(Math.round(value / 1024), 'kilobyte')
      return unit(Math.round((value / 1024 / 1024) * 10) / 10, 'megabyte')
    },
    relative: (iso, now) => {
      const difference = Date.parse(iso) - now
      for (const [name, length] of units) {
        if (Math.abs(difference) >= length) return relative.format(Math.trunc(difference / length), name)
      }
      return relative.format(0, 'minute')
    },
    span,
    late: (seconds) =>
      seconds < 60 ? unit(Math.max(0, Math.floor(seconds)), 'second') : span(seconds * 1000),
    list: (values) => list.format(values),
  }
}

export function useFormats(): Formats {
  const { i18n } = useTranslation()
  const { language } = i18n
  return useMemo(() => formats(language, (day) => i18n.t('shell:deadline.endOf', { day })), [i18n, language])
}
