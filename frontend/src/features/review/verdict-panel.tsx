import { useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { perform } from '@/api/command'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { Panel } from './panel'
import { useJudge, type Fault, type Sample } from './sample.api'

/** What the second person says: in order, or what would have to be put right. */
export function VerdictPanel({ sample, faults }: { sample: Sample; faults: readonly Fault[] }) {
  const { t } = useTranslation('staff')
  const format = useFormats()
  const words = useWords()
  const navigate = useNavigate()
  const judge = useJudge(sample)
  const { verdict } = sample
  if (verdict) {
    return (
      <Panel title={t('samples.verdict')}>
        <p>{t(`samples.given.${verdict.outcome}`)}</p>
        {verdict.reasons && (
          <ul>
            {verdict.reasons.map((reason) => (
              <li key={`${reason.target}${reason.code}${reason.sub ?? ''}`}>
                <span className="mono">{reason.code}</span>{' '}
                {words.reason(reason.code, reason.sub, reason.target)}
              </li>
            ))}
          </ul>
        )}
      </Panel>
    )
  }
  const returns = faults.length > 0
  return (
    <Panel title={t('samples.verdict')}>
      <p>{t(returns ? 'samples.returnHelp' : 'samples.approveHelp')}</p>
      <ProblemNotice error={judge.error} />
      <Button
        type="primary"
        block
        loading={judge.isPending && { delay: 300 }}
        onClick={() => {
          perform(judge, returns ? { outcome: 'return', reasons: [...faults] } : { outcome: 'approve' }, () =>
            navigate({ to: '/samples' }),
          )
        }}
      >
        {returns
          ? t('samples.return', { count: faults.length, n: format.number(faults.length) })
          : t('samples.approve')}
      </Button>
      <p className="muted">{t('samples.stays')}</p>
    </Panel>
  )
}
