import { Button } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import { usePersonName } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { DecideButton } from './decide-button'
import { useHindrance, type PanelProps } from './deciding'
import { Hindrance } from './hindrance'
import { Facts, Panel } from './panel'
import { useConfirmQualification, useRefuseQualification } from './review.api'
import { useAdvance } from './use-advance'
import { WhyForm } from './why-form'

/** The second pair of eyes: another person confirms or refuses the first approval. */
export function SecondPanel({ application, mine, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const name = usePersonName()
  const format = useFormats()
  const reader = useIdentity()
  const confirm = useConfirmQualification(application)
  const refuse = useRefuseQualification(application)
  const advance = useAdvance(application.stage)
  const hindrance = useHindrance(application, 'confirmQualification')
  const [refusing, setRefusing] = useState(false)
  const { proposal } = application
  if (!proposal) return null
  const own = proposal.by.id === reader?.id
  return (
    <Panel title={t('second.title')}>
      <Facts
        facts={[
          [t('second.by'), name(proposal.by)],
          [t('second.at'), format.moment(proposal.at)],
        ]}
      />
      {own ? <p>{t('second.own')}</p> : <p>{mine ? t('second.lead') : t('qualification.claimFirst')}</p>}
      {!own && mine && <Hindrance why={hindrance} />}
      <ProblemNotice error={confirm.error ?? refuse.error} onSee={onSee} />
      <DecideButton
        label={t('second.confirm')}
        busy={confirm.isPending}
        disabled={own || !mine || hindrance !== undefined}
        onDecide={(next) => {
          perform(confirm, { judged: proposal.judged }, () => {
            if (next) advance()
          })
        }}
      />
      {refusing ? (
        <WhyForm
          label={t('second.refuseWhy')}
          button={t('second.refuse')}
          busy={refuse.isPending}
          onCancel={() => {
            setRefusing(false)
          }}
          onSubmit={(why) => {
            refuse.mutate({ why })
          }}
        />
      ) : (
        <Button
          disabled={own || !mine}
          onClick={() => {
            setRefusing(true)
          }}
        >
          {t('second.refuse')}
        </Button>
      )}
    </Panel>
  )
}
