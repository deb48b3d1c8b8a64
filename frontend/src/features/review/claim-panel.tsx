import { Button } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import { usePersonName } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { useKeys } from '@/ui/keys'
import { useNow } from '@/ui/now'
import { ProblemNotice } from '@/ui/problem-notice'
import { useHindrance, type PanelProps } from './deciding'
import { Hindrance } from './hindrance'
import { Panel } from './panel'
import { waitsForUs } from './case'
import styles from './claim-panel.module.css'
import { useClaim, useReassign, useRelease } from './review.api'
import { useAdvance } from './use-advance'
import { WhyForm } from './why-form'

export function ClaimPanel({ application, mine, held, onSee }: PanelProps & { held: boolean }) {
  const { t } = useTranslation('staff')
  const { t: shell } = useTranslation()
  const name = usePersonName()
  const format = useFormats()
  const now = useNow()
  const reader = useIdentity()
  const claim = useClaim(application)
  const takeOver = useReassign(application)
  const workable = waitsForUs(application)
  const refusal = useHindrance(application, 'claim')
  // A lease runs out without an event, so an answer that somebody holds it may be old.
  const hindrance = refusal?.code === 'claimed-by-other' ? undefined : refusal
  useKeys([
    {
      keys: 'KeyC',
      label: t('claim.take'),
      group: shell('keys.case'),
      disabled: mine || held || !workable || hindrance !== undefined || claim.isPending,
      run: () => {
        claim.mutate()
      },
    },
  ])
  if (!workable) return null
  const problem = <ProblemNotice error={claim.error ?? takeOver.error} onSee={onSee} />
  if (held && application.claim) {
    return (
      <Panel title={t('claim.heldTitle', { name: name(application.claim.by) })}>
        <p>{t('claim.heldBody', { left: format.span(Date.parse(application.claim.until) - now) })}</p>
        {problem}
        {reader?.role === 'lead' && (
          <Button
            loading={takeOver.isPending && { delay: 300 }}
            onClick={() => {
              takeOver.mutate({ to: reader.id, why: t('claim.takeOverWhy') })
            }}
          >
            {t('claim.takeOver')}
          </Button>
        )}
      </Panel>
    )
  }
  return (
    <Panel title={t('claim.freeTitle')}>
      {hindrance ? <Hindrance why={hindrance} /> : <p>{t('claim.freeBody')}</p>}
      {problem}
      <Button
        type="primary"
        block
        disabled={hindrance !== undefined}
        loading={claim.isPending && { delay: 300 }}
        onClick={() => {
          claim.mutate()
        }}
      >
        {t('claim.take')}
      </Button>
    </Panel>
  )
}

/** Gives the case back to the queue, or skips it: then the next one comes. */
export function Release({ application, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const release = useRelease(application)
  const advance = useAdvance(application.stage)
  const [skipping, setSkipping] = useState(false)
  return (
    <div className={styles.held}>
      {skipping ? (
        <WhyForm
          label={t('claim.skipWhy')}
          button={t('claim.skipButton')}
          busy={release.isPending}
          onSubmit={(why) => {
            perform(release, { why }, advance)
          }}
          onCancel={() => {
            setSkipping(false)
          }}
        />
      ) : (
        <span className={styles.buttons}>
          <Button
            type="link"
            size="small"
            onClick={() => {
              setSkipping(true)
            }}
          >
            {t('claim.skip')}
          </Button>
          <Button
            type="link"
            size="small"
            loading={release.isPending && { delay: 300 }}
            onClick={() => {
              release.mutate({})
            }}
          >
            {t('claim.giveBack')}
          </Button>
        </span>
      )}
      <ProblemNotice error={release.error} onSee={onSee} />
    </div>
  )
}
