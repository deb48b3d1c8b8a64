import type { ReactNode } from 'react'
import styles from './timeline.module.css'

export interface TimelineEntry {
  key: string
  title: ReactNode
  meta: ReactNode
  body?: ReactNode
  tone?: 'calm' | 'active' | 'good' | 'warn' | 'bad' | undefined
}

/** What happened, newest first, one line of text per fact. */
export function Timeline({ entries, label }: { entries: readonly TimelineEntry[]; label: string }) {
  return (
    <ol className={styles.line} aria-label={label}>
      {entries.map((entry) => (
        <li key={entry.key} className={`${styles.entry} ${styles[entry.tone ?? 'calm']}`}>
          <div className={styles.title}>{entry.title}</div>
          <div className={styles.meta}>{entry.meta}</div>
          {entry.body && <div className={styles.body}>{entry.body}</div>}
        </li>
      ))}
    </ol>
  )
}
