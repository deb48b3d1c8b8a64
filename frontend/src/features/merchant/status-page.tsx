import { CheckOutlined } from '@ant-design/icons'

import { Alert, Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import type { Status } from '@/api/applications'
import { useWords } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { ButtonLink } from '@/ui/button-link'
import { useFormats } from '@/i18n/format'
import { DeadlineBadge } from '@/ui/deadline-badge'
import { MerchantText } from '@/ui/merchant-text'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import { Erasure } from './erasure'
import { useReopen, useWithdraw } from './merchant.api'
import { MerchantFrame } from './merchant-frame'
import styles from './status-page.module.css'

/** Where the application stands, whose turn it is, what to do next and by when. */
export function StatusPage({ id }: { id: string }) {
  const { t } = useTranslation('merchant')
  const merchant = useIdentity()?.role === 'merchant'
  return (
    <MerchantFrame id={id} title={t('status.title')}>
      {(status) => (
        <>
          <Now status={status} />
          <Steps status={status} />
          {status.reasons.length > 0 && <Reasons status={status} />}
          <Facts status={status} />
          {merchant && (
            <div className={styles.ends}>
              <Ends status={status} />
              <Erasure status={status} />
            </div>
          )}
        </>
      )}
    </MerchantFrame>
  )
}

const actions: Partial<
  Record<
    Status['stage'],
    | '/applications/$id/form'
    | '/applications/$id/corrections'
    | '/applications/$id/site'
    | '/applications/$id/contract'
  >
> = {
  draft: '/applications/$id/form',
  icp: '/applications/$id/form',
  correction: '/applications/$id/corrections',
  website: '/applications/$id/site',
  signature: '/applications/$id/contract',
  active: '/applications/$id/contract',
}

function Now({ status }: { status: Status }) {
  const { t } = useTranslation('merchant')
  const format = useFormats()
  const words = useWords()
  const agent = useIdentity()?.role === 'agent'
  const { stage, deadline, holder } = status
  // What a later stage needs can be given before; the filing's check waits for it.
  const awaited = status.awaited ?? []
  const waits = stage === 'icp' && awaited.length > 0
  const turn = holder === 'merchant' || waits
  const to = actions[stage]
  // The website is the merchant's move only until the site is declared.
  const offer = to && (turn || stage === 'active') && !(agent && stage === 'signature')
  return (
    <section className={`sheet ${styles.now} ${turn ? styles.turn : ''}`} aria-label={t('status.now')}>
      <p className={styles.whose}>
        {stage === 'active'
          ? t('status.done')
          : holder === 'nobody'
            ? t('status.over')
            : turn
              ? t('status.yourTurn')
              : t('status.ourTurn')}
      </p>
      <h2 className={styles.headline}>
        {waits
          ? t('status.stages.icp_awaited.title')
          : stage === 'website' && turn
            ? t('status.stages.website_undeclared.title')
            : t(`status.stages.${stage}.title`)}
      </h2>
      <p className={styles.explain}>
        {waits
          ? t('status.stages.icp_awaited.body')
          : stage === 'website' && turn
            ? t('status.stages.website_undeclared.body')
            : t(`status.stages.${stage}.body`)}
      </p>
      {awaited.length > 0 && !waits && (
        <p className={styles.explain}>
          {t('status.awaited', { items: format.list(awaited.map(words.item)) })}{' '}
          <ButtonLink to="/applications/$id/form" params={{ id: status.id }}>
            {t('status.actions.icp')}
          </ButtonLink>
        </p>
      )}
      {status.decline_note && <blockquote className={styles.note}>{status.decline_note}</blockquote>}
      {deadline && (
        <p className={styles.deadline}>
          {holder === 'merchant' ? t('status.until') : t('status.answerBy')}{' '}
          <strong>{format.until(deadline.due)}</strong> <DeadlineBadge due={deadline.due} />
        </p>
      )}
      {offer && (
        <ButtonLink to={to} params={{ id: status.id }} primary size="large">
          {t(`status.actions.${stage as 'draft'}`)}
        </ButtonLink>
      )}
    </section>
  )
}

function Steps({ status }: { status: Status }) {
  const { t } = useTranslation('merchant')
  const format = useFormats()
  return (
    <section aria-label={t('status.way')} className={styles.way}>
      <h2>{t('status.way')}</h2>
      <ol className={styles.steps}>
        {status.steps.map((step, index) => (
          <li
            key={step.stage}
            className={styles[step.state]}
            aria-current={step.state === 'current' ? 'step' : undefined}
          >
            <span className={styles.dot} aria-hidden="true">
              {step.state === 'done' ? <CheckOutlined /> : index + 1}
            </span>
            <span>
              <span className={styles.step}>{t(`status.names.${step.stage}`)}</span>
              <span className={styles.when}>
                {step.state === 'done' ? step.at && format.day(step.at) : t(`status.steps.${step.state}`)}
              </span>
              <span className={styles.plain}>{t(`status.plain.${step.stage}`)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Reasons({ status }: { status: Status }) {
  const { t, i18n } = useTranslation('merchant')
  const words = useWords()
  const language = i18n.language as 'en'
  return (
    <section className={styles.reasons} aria-label={t('status.reasons')}>
      <h2>{t('status.reasonsCount', { count: status.reasons.length })}</h2>
      <ul>
        {status.reasons.map((reason) => (
          <li key={reason.id} className={`sheet ${styles.reason}`}>
            <p className={styles.target}>
              {words.item(reason.target)}
              {reason.value && (
                <span className="muted">
                  {' '}
                  · {t('status.now_is', { value: words.value(reason.target, reason.value) })}
                </span>
              )}
            </p>
            <MerchantText text={reason.text[language]} note={reason.note} language={language} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Facts({ status }: { status: Status }) {
  const { t } = useTranslation('merchant')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const format = useFormats()
  const facts: [string, string][] = [
    [t('status.number'), status.merchant_number],
    [t('status.kind'), terms(`kinds.${status.kind}`)],
    [t('status.products'), format.list(status.products.map((product) => terms(`products.${product}`)))],
    ...(status.banks?.length
      ? [[t('status.banks'), format.list(status.banks.map(words.bank))] as [string, string]]
      : []),
    [t('status.site'), terms(`sites.${status.site_type}`)],
    ...(status.submitted_at
      ? [[t('status.submitted'), format.moment(status.submitted_at)] as [string, string]]
      : []),
    [t('status.updated'), format.moment(status.updated_at)],
  ]
  return (
    <dl className={styles.facts}>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const ended: readonly Status['stage'][] = ['active', 'declined', 'expired', 'withdrawn']

function Ends({ status }: { status: Status }) {
  const { t } = useTranslation('merchant')
  const withdraw = useWithdraw(status.id, status.revision)
  const reopen = useReopen(status.id, status.revision)
  const [asking, setAsking] = useState(false)
  const [why, setWhy] = useState('')
  if (status.stage === 'withdrawn') {
    return (
      <div>
        <ProblemNotice error={reopen.error} />
        <Button
          loading={reopen.isPending && { delay: 300 }}
          onClick={() => {
            reopen.mutate()
          }}
        >
          {t('status.reopen')}
        </Button>
      </div>
    )
  }
  if (ended.includes(status.stage)) return null
  return (
    <>
      <Button
        type="link"
        style={{ padding: 0 }}
        onClick={() => {
          setAsking(true)
        }}
      >
        {t('status.withdraw')}
      </Button>
      <Modal
        open={asking}
        title={t('status.withdrawTitle')}
        okText={t('status.withdrawConfirm')}
        cancelText={t('status.withdrawCancel')}
        okButtonProps={{ danger: true }}
        confirmLoading={withdraw.isPending}
        onCancel={() => {
          setAsking(false)
        }}
        onOk={() => {
          perform(withdraw, why.trim() ? { why: why.trim() } : {}, () => {
            setAsking(false)
          })
        }}
      >
        <Alert type="info" title={t('status.withdrawBody')} />
        <label style={{ display: 'block', margin: '12px 0' }}>
          {t('status.withdrawWhy')}
          <Input.TextArea
            rows={2}
            {...atMost(1000)}
            value={why}
            onChange={(event) => {
              setWhy(event.target.value)
            }}
          />
        </label>
        <ProblemNotice error={withdraw.error} />
      </Modal>
    </>
  )
}
