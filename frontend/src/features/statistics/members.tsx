import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { peopleQuery } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { share } from './series'
import type { Statistics } from './statistics.api'
import styles from './statistics-page.module.css'
import { useSpans } from './use-spans'

interface TableProps {
  title: string
  note: string
  columns: string[]
  rows: { key: string; cells: ReactNode[] }[]
}

function Members({ title, note, columns, rows }: TableProps) {
  const { t } = useTranslation('statistics')
  return (
    <section className={`sheet ${styles.members}`}>
      <h2>{title}</h2>
      <p className="muted">{note}</p>
      {rows.length === 0 ? (
        <p className={`muted ${styles.none}`}>{t('nothing')}</p>
      ) : (
        <div className={styles.scroll} role="region" aria-label={title} tabIndex={0}>
          <table>
            <caption className="visually-hidden">{title}</caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ key, cells: [name, ...cells] }) => (
                <tr key={key}>
                  <th scope="row">{name}</th>
                  {cells.map((cell, i) => (
                    <td key={columns[i + 1]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

/** Which agents bring what, and what their applications are returned for. */
export function Agents({ data }: { data: Statistics }) {
  const { t } = useTranslation('statistics')
  const format = useFormats()
  const spans = useSpans()
  const { data: people } = useQuery(peopleQuery)
  const name = (organisation: string) =>
    people?.people.find((person) => person.organisation === organisation)?.name ?? organisation
  return (
    <Members
      title={t('agents.title')}
      note={t('agents.note')}
      columns={[t('agents.agent'), t('agents.submitted'), t('agents.firstRound'), t('agents.reasons')]}
      rows={(data.agents ?? []).map((agent) => ({
        key: agent.organisation,
        cells: [
          name(agent.organisation),
          format.number(agent.submitted),
          spans.percent(share(agent.accepted_first, agent.not_accepted_first)),
          agent.reasons
            .slice(0, 3)
            .map(({ code, told }) => `${code} × ${format.number(told)}`)
            .join(', ') || '–',
        ],
      }))}
    />
  )
}

/** Who had how much to do. */
export function Reviewers({ data }: { data: Statistics }) {
  const { t } = useTranslation('statistics')
  const format = useFormats()
  const spans = useSpans()
  const { data: people } = useQuery(peopleQuery)
  const name = (account: string) => people?.people.find(({ id }) => id === account)?.name ?? account
  return (
    <Members
      title={t('reviewers.title')}
      note={t('reviewers.note')}
      columns={[
        t('reviewers.reviewer'),
        t('load.claimed'),
        t('load.decided'),
        t('load.returned'),
        t('load.reasons'),
        t('load.held'),
        t('agreement.column'),
      ]}
      rows={(data.reviewers ?? []).map((reviewer) => ({
        key: reviewer.account,
        cells: [
          name(reviewer.account),
          format.number(reviewer.claimed),
          format.number(reviewer.decided),
          format.number(reviewer.returned),
          format.number(reviewer.reasons),
          reviewer.claimed > 0 ? spans.clock(reviewer.held_seconds / reviewer.claimed) : '–',
          reviewer.sampled > 0
            ? t('agreement.cell', {
                share: spans.percent(reviewer.agreed / reviewer.sampled),
                n: format.number(reviewer.sampled),
              })
            : '–',
        ],
      }))}
    />
  )
}
