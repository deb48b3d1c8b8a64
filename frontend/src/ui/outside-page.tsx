import { useEffect, type ReactNode } from 'react'
import { Wordmark } from './brand'
import styles from './outside-page.module.css'
import { LanguageSwitch, SchemeSwitch } from './switches'

interface Props {
  title: string
  lead?: ReactNode
  aside?: ReactNode
  children: ReactNode
}

/** The frame of the pages before the log-in. */
export function OutsidePage({ title, lead, aside, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Alta`
  }, [title])
  return (
    <div className={aside ? styles.split : styles.plain}>
      <main className={styles.main}>
        <div className={styles.top}>
          <Wordmark size={30} />
          <span>
            <LanguageSwitch />
            <SchemeSwitch />
          </span>
        </div>
        <div className={styles.form}>
          <h1 className={styles.title}>{title}</h1>
          {lead && <p className={styles.lead}>{lead}</p>}
          {children}
        </div>
      </main>
      {aside && <aside className={styles.aside}>{aside}</aside>}
    </div>
  )
}
