import type { ReactNode } from 'react'
import styles from './panel.module.css'

/** A box of the rail: one heading, its facts, its buttons. */
export function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={`sheet ${styles.panel}`} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

/** Label and value pairs, one under the other. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
