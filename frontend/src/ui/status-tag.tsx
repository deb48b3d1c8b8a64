import type { ReactNode } from 'react'
import styles from './status-tag.module.css'

export type Tone = 'calm' | 'active' | 'good' | 'warn' | 'bad'

/** A state in one or two words. The word carries the meaning, the colour helps. */
export function StatusTag({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={`${styles.tag} ${styles[tone]}`} title={title}>
      {children}
    </span>
  )
}
