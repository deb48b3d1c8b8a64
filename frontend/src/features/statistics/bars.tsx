import type { ReactNode } from 'react'
import { useFormats } from '@/i18n/format'
import styles from './plot.module.css'

export interface Bar {
  key: string
  label: ReactNode
  value: number
  /** Drawn fainter: what has no end, or is only there for comparison. */
  faint?: boolean
}

interface Props {
  title: string
  note?: ReactNode
  caption: string
  bars: Bar[]
  columns: [string, string]
  tone?: 1 | 2 | 3
  empty: string
}

/** How much of each there is: a table whose rows are drawn. */
export function Bars({ title, note, caption, bars, columns, tone = 1, empty }: Props) {
  const format = useFormats()
  const highest = Math.max(1, ...bars.map((bar) => bar.value))
  return (
    <section className={`sheet ${styles.plot}`}>
      <div className={styles.head}>
        <div>
          <h2>{title}</h2>
          {note && <p className="muted">{note}</p>}
        </div>
      </div>
      {bars.every((bar) => bar.value === 0) ? (
        <p className={`muted ${styles.empty}`}>{empty}</p>
      ) : (
        <table className={styles.bars}>
          <caption className="visually-hidden">{caption}</caption>
          <thead className="visually-hidden">
            <tr>
              <th scope="col">{columns[0]}</th>
              <th scope="col">{columns[1]}</th>
            </tr>
          </thead>
          <tbody>
            {bars.map((bar) => (
              <tr key={bar.key}>
                <th scope="row">{bar.label}</th>
                <td>
                  <span className={styles.measure}>
                    <span
                      className={`${styles.bar} ${styles[`back${tone}`]} ${bar.faint ? styles.faint : ''}`}
                      style={{ width: `${(bar.value / highest) * 100}%` }}
                    />
                  </span>
                  <span className={styles.count}>{format.number(bar.value)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
