import type { ReactNode } from 'react'
import styles from './empty-state.module.css'

/** Says why there is nothing, and what can be done about it. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className={styles.empty}>
      <svg className={styles.art} viewBox="0 0 96 64" aria-hidden="true">
        <rect x="18" y="10" width="44" height="50" rx="4" />
        <rect x="34" y="4" width="44" height="50" rx="4" />
        <path d="M43 17h26M43 26h26M43 35h16" />
      </svg>
      <p className={styles.title}>{title}</p>
      {children && <div className={styles.body}>{children}</div>}
      {action && <div className={styles.action}>{action}</div>}
    </div>
  )
}
