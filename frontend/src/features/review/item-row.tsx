import { CheckOutlined, FlagOutlined } from '@ant-design/icons'
import { Button, Tooltip } from 'antd'
import type { Application, ItemView } from '@/api/applications'
import { reveal } from '@/api/applications'
import { useWords } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { askForWhy } from '@/api/why'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusTag, type Tone } from '@/ui/status-tag'
import { PersonText } from '@/ui/person-text'
import { holds, reasonsOn } from './case'
import { ItemFacts } from './item-facts'
import styles from './item-row.module.css'
import { ReasonPicker } from './reason-picker'
import { useAcceptItems, useWithdrawReason } from './review.api'

const tones: Record<ItemView['state'], Tone> = {
  missing: 'bad',
  given: 'calm',
  accepted: 'good',
  rejected: 'warn',
  corrected: 'active',
}

interface Props {
  application: Application
  item: ItemView
  /** The reader holds the claim and may judge. */
  judging: boolean
  active: boolean
  picking: boolean
  preset: number | undefined
  shownInViewer: boolean
  onActivate: () => void
  onPick: (open: boolean) => void
  onSee: () => void
}

export function ItemRow(props: Props) {
  const { application, item, judging, active, picking, preset, shownInViewer, onActivate, onPick, onSee } =
    props
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const reader = useIdentity()
  const accept = useAcceptItems(application)
  const withdraw = useWithdrawReason(application)
  const reasons = reasonsOn(application, item.key)
  const open = reasons.find((reason) => reason.state === 'open')
  const label = words.item(item.key)
  const there = Boolean(item.value ?? item.document)

  return (
    <li
      id={`item-${item.key}`}
      className={`${styles.row} ${active ? styles.active : ''}`}
      aria-current={active ? 'true' : undefined}
      onClick={onActivate}
    >
      <div className={styles.main}>
        <ItemFacts
          item={item}
          findings={application.findings}
          shownInViewer={shownInViewer}
          onActivate={onActivate}
          reveal={async () => {
            const why = holds(application, reader, Date.now())
              ? t('items.why', { round: application.round })
              : await askForWhy(application.id)
            if (why === undefined) return item.value ?? ''
            return (await reveal(application.id, [item.key], why))[item.key] ?? ''
          }}
        />
        {reasons.map((reason) => (
          <div key={reason.id} className={styles.reason}>
            <span>
              <span className="mono">{reason.code}</span> {words.reason(reason.code, reason.sub, item.key)}
              {reason.note && (
                <span className="muted">
                  {' '}
                  · <PersonText>{reason.note}</PersonText>
                </span>
              )}{' '}
              <StatusTag tone={reason.state === 'addressed' ? 'active' : 'warn'}>
                {terms(`reasonStates.${reason.state}`)}
              </StatusTag>
            </span>
            {judging && reason.state === 'open' && (
              <Button
                size="small"
                loading={withdraw.isPending && { delay: 300 }}
                onClick={() => {
                  withdraw.mutate({ reason: reason.id })
                }}
              >
                {t('items.lift')}
              </Button>
            )}
          </div>
        ))}
        <ProblemNotice error={accept.error ?? withdraw.error} onSee={onSee} />
      </div>
      <div className={styles.side}>
        {item.waived && !there ? (
          <StatusTag tone="calm">{t('items.waived')}</StatusTag>
        ) : (
          (item.state !== 'given' || !judging) && (
            <StatusTag tone={tones[item.state]}>{terms(`itemStates.${item.state}`)}</StatusTag>
          )
        )}
        {judging && !item.waived && (
          <span className={styles.buttons}>
            <Tooltip title={`${t('items.accept')} (A)`}>
              <Button
                size="small"
                icon={<CheckOutlined />}
                aria-label={t('items.acceptOne', { item: label })}
                disabled={
                  item.state === 'accepted' || open !== undefined || (!there && item.class !== 'site')
                }
                loading={accept.isPending && { delay: 300 }}
                onClick={() => {
                  accept.mutate({ items: [item.key] })
                }}
              />
            </Tooltip>
            <Tooltip title={`${t('items.raise')} (1–9)`}>
              <Button
                size="small"
                icon={<FlagOutlined />}
                aria-label={t('items.raiseOn', { item: label })}
                aria-expanded={picking}
                onClick={() => {
                  onActivate()
                  onPick(!picking)
                }}
              />
            </Tooltip>
          </span>
        )}
      </div>
      {picking && (
        <div className={styles.picker}>
          <ReasonPicker
            key={preset}
            application={application}
            item={item}
            preset={preset}
            onDone={() => {
              onPick(false)
            }}
            onSee={onSee}
          />
        </div>
      )}
    </li>
  )
}
