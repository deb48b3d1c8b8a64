import { Button } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import { usePersonName } from '@/api/reference'
import { languages, useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { DecideButton } from './decide-button'
import { useHindrance, type PanelProps } from './deciding'
import { Hindrance } from './hindrance'
import { Facts, Panel } from './panel'
import { useActivate, useCountersign, useOfferContract, useTakeBackContract } from './review.api'
import { useAdvance } from './use-advance'
import { WhyForm } from './why-form'

/** From the offer to the switched-on merchant. */
export function ContractPanel(props: PanelProps) {
  const { application } = props
  const { t } = useTranslation('staff')
  const name = usePersonName()
  const format = useFormats()
  const { contract } = application
  return (
    <Panel title={t('contract.title')}>
      {contract && (
        <Facts
          facts={[
            [t('contract.version'), `${contract.version} · ${languages[contract.language]}`],
            [
              t('contract.digest'),
              <span key="d" className="mono" title={contract.sha256}>
                {contract.sha256.slice(0, 16)}…
              </span>,
            ],
            [t('contract.offered'), format.moment(contract.offered_at)],
            ...(contract.signed_at
              ? [[t('contract.signed'), format.moment(contract.signed_at)] as const]
              : [[t('contract.expires'), format.until(contract.expires)] as const]),
            ...(contract.countersigned_at
              ? [
                  [
                    t('contract.countersigned'),
                    `${format.moment(contract.countersigned_at)} · ${name(contract.countersigned_by)}`,
                  ] as const,
                ]
              : []),
          ]}
        />
      )}
      <Step {...props} />
    </Panel>
  )
}

function Step(props: PanelProps) {
  const { t } = useTranslation('staff')
  switch (props.application.stage) {
    case 'contract':
      return <Offer {...props} />
    case 'signature':
      return <TakeBack {...props} />
    case 'countersignature':
      return <Countersign {...props} />
    case 'activation':
      return <Activate {...props} />
    default:
      return <p>{t('contract.active')}</p>
  }
}

function Offer({ application, mine, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const offer = useOfferContract(application)
  const advance = useAdvance(application.stage)
  const hindrance = useHindrance(application, 'offerContract')
  return (
    <>
      <p>{t('contract.offerLead')}</p>
      {mine && <Hindrance why={hindrance} />}
      <ProblemNotice error={offer.error} onSee={onSee} />
      <DecideButton
        label={t('contract.offer')}
        busy={offer.isPending}
        disabled={hindrance !== undefined}
        onDecide={(next) => {
          perform(offer, undefined, () => {
            if (next) advance()
          })
        }}
      />
    </>
  )
}

/** While the merchant reads: an offer that should not be signed is taken back. */
function TakeBack({ application, mine, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const back = useTakeBackContract(application)
  const hindrance = useHindrance(application, 'takeBackContract')
  const [asking, setAsking] = useState(false)
  return (
    <>
      <p>{t('contract.awaiting')}</p>
      {mine && <Hindrance why={hindrance} />}
      <ProblemNotice error={back.error} onSee={onSee} />
      {asking ? (
        <WhyForm
          label={t('contract.takeBackWhy')}
          button={t('contract.takeBack')}
          busy={back.isPending}
          onCancel={() => {
            setAsking(false)
          }}
          onSubmit={(why) => {
            back.mutate({ why })
          }}
        />
      ) : (
        <Button
          block
          disabled={!mine || hindrance !== undefined}
          onClick={() => {
            setAsking(true)
          }}
        >
          {t('contract.takeBack')}
        </Button>
      )}
    </>
  )
}

function Countersign({ application, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const sign = useCountersign(application)
  const hindrance = useHindrance(application, 'countersignContract')
  return (
    <>
      <p>{t('contract.countersignLead')}</p>
      <Hindrance why={hindrance} />
      <ProblemNotice error={sign.error} onSee={onSee} />
      <Button
        type="primary"
        block
        disabled={hindrance !== undefined}
        loading={sign.isPending && { delay: 300 }}
        onClick={() => {
          sign.mutate()
        }}
      >
        {t('contract.countersign')}
      </Button>
    </>
  )
}

function Activate({ application, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const activate = useActivate(application)
  const advance = useAdvance(application.stage)
  const hindrance = useHindrance(application, 'activateMerchant')
  return (
    <>
      <p>{t('contract.activateLead')}</p>
      <Hindrance why={hindrance} />
      <ProblemNotice error={activate.error} onSee={onSee} />
      <DecideButton
        label={t('contract.activate')}
        busy={activate.isPending}
        disabled={hindrance !== undefined}
        onDecide={(next) => {
          perform(activate, undefined, () => {
            if (next) advance()
          })
        }}
      />
    </>
  )
}
