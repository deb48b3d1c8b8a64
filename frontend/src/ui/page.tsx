import { useEffect, type ReactNode } from 'react'
import styles from './page.module.css'

interface Props {
  title: string
  /** A line under the title that says where one is or what to do. */
  lead?: ReactNode
  actions?: ReactNode
  /** "narrow" for reading and forms, "wide" for lists and work surfaces. */
  width?: 'narrow' | 'wide'
  children: ReactNode
}

/** The frame of every page: one heading, what can be done, the content. */
export function Page({ title, lead, actions, width = 'wide', children }: Props) {
  useEffect(() => {
    document.title = `${title} · Alta`
  }, [title])
  return (
    <div className={`${styles.page} ${styles[width]}`}>
      <div className={styles.head}>
        <div>
          <h1>{title}</h1>
          {lead && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  )
}
