import { Tooltip } from 'antd'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import styles from './deadline-badge.module.css'
import { useNow } from './now'

export type Urgency = 'breached' | 'soon' | 'today' | 'later'

/** How pressing a deadline is: past, within 4 hours, within a day, later. */
export function urgency(due: string, now: number): Urgency {
  const left = Date.parse(due) - now
  if (left <= 0) return 'breached'
  if (left <= 4 * 3_600_000) return 'soon'
  if (left <= 24 * 3_600_000) return 'today'
  return 'later'
}

/** Time left as a word and a colour; the exact moment is in the tooltip. */
export function DeadlineBadge({ due, paused = false }: { due: string | undefined; paused?: boolean }) {
  const { t } = useTranslation()
  const format = useFormats()
  const now = useNow()
  if (!due) return <span className="muted">{t('deadline.none')}</span>
  if (paused) return <span className={`${styles.badge} ${styles.later}`}>{t('deadline.paused')}</span>
  const how = urgency(due, now)
  const span = format.span(Date.parse(due) - now)
  return (
    <Tooltip title={format.until(due)}>
      <time dateTime={due} className={`${styles.badge} ${styles[how]}`}>
        {how === 'breached' ? t('deadline.overdue', { span }) : t('deadline.left', { span })}
      </time>
    </Tooltip>
  )
}
