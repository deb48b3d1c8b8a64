import { ClockCircleOutlined } from '@ant-design/icons'
import { useEffect, useEffectEvent, useRef } from 'react'
import { useAge, type Source } from '@/api/age'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import styles from './list-age.module.css'

/** How often a list that is not up to date is asked for again, in milliseconds. */
const every = 10_000

/** From how many seconds on the time of the day does not say which day. */
const halfDay = 43_200

interface Props {
  of?: Source
  /** Asks again, so that the line goes once the list has caught up. */
  again?: () => unknown
  /** The source has caught up; what is on the page may be older. */
  onFresh?: () => void
}

/** Says that a list is not up to date, and as of when it is. Nothing while it is. */
export function ListAge({ of = 'lists', again, onFresh }: Props) {
  const { t } = useTranslation()
  const format = useFormats()
  const age = useAge(of)
  const ask = useEffectEvent(() => {
    if (!document.hidden) again?.()
  })
  const fresh = useEffectEvent(() => onFresh?.())
  const old = age !== undefined
  const was = useRef(old)
  useEffect(() => {
    if (!old) return undefined
    const timer = setInterval(ask, every)
    return () => {
      clearInterval(timer)
    }
  }, [old])
  useEffect(() => {
    if (was.current && !old) fresh()
    was.current = old
  }, [old])
  return (
    <div role="status" className={styles.status}>
      {age && (
        <p className={styles.age}>
          <ClockCircleOutlined aria-hidden />
          <span>
            {age.asOf === undefined || age.behind === undefined
              ? t('age.unknown')
              : age.behind < halfDay
                ? t('age.line', { when: format.time(age.asOf), behind: format.late(age.behind) })
                : t('age.lineDay', { when: format.moment(age.asOf), behind: format.late(age.behind) })}
          </span>
        </p>
      )}
    </div>
  )
}
