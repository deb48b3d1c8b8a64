import { perform } from '@/api/command'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { openReasons, undecided } from './case'
import { DecideButton } from './decide-button'
import { useHindrance, type PanelProps } from './deciding'
import { Hindrance } from './hindrance'
import { Panel } from './panel'
import { ReturnButton } from './return-button'
import { useApproveQualification } from './review.api'
import { useAdvance } from './use-advance'

/** The first desk: everything in order, or back with reasons. */
export function QualificationPanel({ application, mine, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const words = useWords()
  const format = useFormats()
  const approve = useApproveQualification(application)
  const advance = useAdvance(application.stage)
  const hindrance = useHindrance(application, 'approveQualification')
  const reasons = openReasons(application)
  const left = undecided(application)
  const blocked = !mine || reasons.length > 0 || left.length > 0 || hindrance !== undefined

  return (
    <Panel title={t('qualification.title')}>
      {!mine && <p className="muted">{t('qualification.claimFirst')}</p>}
      {mine && left.length > 0 && (
        <p>
          {t('qualification.left', { count: left.length })}{' '}
          <span className="muted">
            {format.list(left.slice(0, 4).map((item) => words.item(item.key)))}
            {left.length > 4 && '…'}
          </span>
        </p>
      )}
      {mine && left.length === 0 && reasons.length > 0 && (
        <p>{t('qualification.reasonsOpen', { count: reasons.length })}</p>
      )}
      {mine && left.length === 0 && reasons.length === 0 && (
        <>
          <p>{application.four_eyes ? t('qualification.readyTwo') : t('qualification.ready')}</p>
          <Hindrance why={hindrance} />
        </>
      )}
      <ProblemNotice error={approve.error} onSee={onSee} />
      {reasons.length > 0 ? (
        <ReturnButton application={application} mine={mine} onSee={onSee} />
      ) : (
        <DecideButton
          label={application.four_eyes ? t('qualification.first') : t('qualification.approve')}
          busy={approve.isPending}
          disabled={blocked}
          onDecide={(next) => {
            perform(approve, undefined, () => {
              if (next) advance()
            })
          }}
        />
      )}
    </Panel>
  )
}
