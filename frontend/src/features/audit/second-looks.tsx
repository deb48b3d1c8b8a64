import { useQuery } from '@tanstack/react-query'
import { usePersonName, useWords } from '@/api/reference'
import type { Schemas } from '@/api/client'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { EmptyState } from '@/ui/empty-state'
import { Loading } from '@/ui/loading'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusTag } from '@/ui/status-tag'
import { samplesOfQuery } from './audit.api'
import styles from './changes.module.css'

/** Decisions that a second person judged blindly, with both verdicts. */
export function SecondLooks({ id }: { id: string }) {
  const { t } = useTranslation('audit')
  const name = usePersonName()
  const format = useFormats()
  const samples = useQuery(samplesOfQuery(id))
  if (samples.isPending) return <Loading rows={3} />
  if (samples.error) return <ProblemNotice error={samples.error} />
  if (samples.data.samples.length === 0) return <EmptyState title={t('looks.none')} />
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">{t('looks.round')}</th>
          <th scope="col">{t('looks.first')}</th>
          <th scope="col">{t('looks.second')}</th>
          <th scope="col">{t('looks.result')}</th>
        </tr>
      </thead>
      <tbody>
        {samples.data.samples.map((sample) => (
          <tr key={sample.id}>
            <td>{format.number(sample.round)}</td>
            <td>
              <Verdict verdict={sample.first} />
              <span className="muted">
                {name(sample.decider)}, {format.moment(sample.decided_at)}
              </span>
            </td>
            <td>
              <Verdict verdict={sample.second} />
              <span className="muted">
                {name(sample.judge)}, {format.moment(sample.judged_at)}
              </span>
            </td>
            <td>
              <StatusTag tone={sample.agreed ? 'good' : 'warn'}>
                {t(sample.agreed ? 'looks.agreed' : 'looks.differs')}
              </StatusTag>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Verdict({ verdict }: { verdict: Schemas['Verdict'] }) {
  const { t } = useTranslation('audit')
  const words = useWords()
  return (
    <>
      <strong>{t(`looks.outcomes.${verdict.outcome}`)}</strong>
      {verdict.reasons?.map((reason) => (
        <div key={`${reason.target}${reason.code}${reason.sub ?? ''}`}>
          <span className="mono">{reason.code}</span> {words.reason(reason.code, reason.sub, reason.target)}
        </div>
      ))}
      <br />
    </>
  )
}
