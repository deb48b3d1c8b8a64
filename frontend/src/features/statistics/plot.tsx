import type { ReactNode } from 'react'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { labelled, ticks, type Bins, type Series } from './series'
import { useDays } from './use-days'
import { useWidth } from './use-width'
import styles from './plot.module.css'

/** One thing that a plot shows. */
export interface Line {
  name: string
  values: Series
  /** Which of the plot's colours. */
  tone: 1 | 2 | 3
}

interface Props {
  title: string
  /** A sentence below the title: what is counted, and how. */
  note?: ReactNode
  bins: Bins
  lines: Line[]
  /** Lines beside each other, one filled line, or columns on top of each other. */
  shape: 'lines' | 'area' | 'columns'
  height?: number
  /** A small plot among others: without a key, its table is the reader's alone. */
  small?: boolean
  aside?: ReactNode
}

const edge = { top: 8, right: 10, bottom: 22 }

/**
 * Numbers over days. The drawing is one picture to a screen reader, named by what
 * it shows; the same numbers stand in a table below it.
 */
export function Plot({ title, note, bins, lines, shape, height = 200, small = false, aside }: Props) {
  const { t } = useTranslation('statistics')
  const format = useFormats()
  const days = useDays()
  const [ref, width] = useWidth()
  const stacked = shape === 'columns'
  const tops = bins.starts.map((_, i) =>
    stacked
      ? lines.reduce((n, line) => n + (line.values[i] ?? 0), 0)
      : Math.max(...lines.map((l) => l.values[i] ?? 0)),
  )
  const scale = ticks(Math.max(0, ...tops))
  const highest = scale.at(-1) ?? 1
  const left = 12 + 7 * format.number(highest).length
  const inner = Math.max(0, width - left - edge.right)
  const bottom = height - edge.bottom
  const step = inner / bins.starts.length
  const x = (i: number) => left + step * (i + 0.5)
  const y = (value: number) => bottom - (value / highest) * (bottom - edge.top)
  const written = labelled(bins.starts.length, inner / 76)
  const path = (values: Series) => values.map((v, i) => `${i ? 'L' : 'M'}${x(i)},${y(v)}`).join('')
  const HeadingTag = small ? 'h3' : 'h2'
  const name = (i: number) => days.bin(bins, i)
  return (
    <figure className={`sheet ${styles.plot}`}>
      <figcaption className={styles.head}>
        <div>
          <HeadingTag>{title}</HeadingTag>
          {note && <p className="muted">{note}</p>}
        </div>
        {aside && <div className={styles.aside}>{aside}</div>}
        {!small && lines.length > 1 && (
          <ul className={styles.key}>
            {lines.map((line) => (
              <li key={line.name}>
                <span className={`${styles.swatch} ${styles[`swatch${line.tone}`]}`} aria-hidden="true" />
                {line.name}
              </li>
            ))}
          </ul>
        )}
      </figcaption>
      <div ref={ref} className={styles.canvas} style={{ height }}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={t('plot.label', {
              title,
              lines: format.list(
                lines.map((line) =>
                  t('plot.line', {
                    name: line.name,
                    last: format.number(line.values.at(-1) ?? 0),
                    highest: format.number(Math.max(0, ...line.values)),
                  }),
                ),
              ),
            })}
          >
            {scale.map((value) => (
              <g key={value}>
                <line className={styles.rule} x1={left} x2={width - edge.right} y1={y(value)} y2={y(value)} />
                <text className={styles.tick} x={left - 6} y={y(value) + 4} textAnchor="end">
                  {format.number(value)}
                </text>
              </g>
            ))}
            {bins.starts.map(
              (start, i) =>
                written.has(i) && (
                  <text
                    key={start}
                    className={styles.tick}
                    x={Math.min(x(i), width - edge.right)}
                    y={height - 5}
                    textAnchor={x(i) > width - 44 ? 'end' : 'middle'}
                  >
                    {days.short(start)}
                  </text>
                ),
            )}
            {stacked &&
              bins.starts.map((start, i) => {
                let base = 0
                return lines.map((line) => {
                  const value = line.values[i] ?? 0
                  const from = base
                  base += value
                  return (
                    value > 0 && (
                      <rect
                        key={`${start}${line.name}`}
                        className={styles[`fill${line.tone}`]}
                        x={x(i) - Math.min(18, step * 0.72) / 2}
                        width={Math.min(18, step * 0.72)}
                        y={y(base)}
                        height={Math.max(1, y(from) - y(base))}
                      />
                    )
                  )
                })
              })}
            {shape === 'area' &&
              lines.map((line) => (
                <path
                  key={line.name}
                  className={styles[`wash${line.tone}`]}
                  d={`${path(line.values)}L${x(line.values.length - 1)},${bottom}L${x(0)},${bottom}Z`}
                />
              ))}
            {!stacked &&
              lines.map((line) => (
                <g key={line.name}>
                  <path className={`${styles.line} ${styles[`line${line.tone}`]}`} d={path(line.values)} />
                  <circle
                    className={styles[`fill${line.tone}`]}
                    cx={x(line.values.length - 1)}
                    cy={y(line.values.at(-1) ?? 0)}
                    r={3}
                  />
                </g>
              ))}
            {bins.starts.map((start, i) => (
              <rect
                key={start}
                className={styles.hover}
                x={x(i) - step / 2}
                width={step}
                y={edge.top}
                height={bottom - edge.top}
              >
                <title>
                  {[
                    name(i),
                    ...lines.map((line) => `${line.name}: ${format.number(line.values[i] ?? 0)}`),
                  ].join('\n')}
                </title>
              </rect>
            ))}
          </svg>
        )}
      </div>
      <details className={styles.numbers}>
        <summary>
          {t('plot.numbers')}
          <span className="visually-hidden"> · {title}</span>
        </summary>
        <div className={styles.scroll} role="region" aria-label={title} tabIndex={0}>
          <table>
            <caption className="visually-hidden">{title}</caption>
            <thead>
              <tr>
                <th scope="col">{bins.size === 1 ? t('plot.day') : t('plot.week')}</th>
                {lines.map((line) => (
                  <th key={line.name} scope="col" className={styles.number}>
                    {line.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {bins.starts.map((start, i) => (
                <tr key={start}>
                  <th scope="row">{name(i)}</th>
                  {lines.map((line) => (
                    <td key={line.name} className={styles.number}>
                      {format.number(line.values[i] ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}
