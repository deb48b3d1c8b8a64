import { Drawer } from 'antd'
import { perform } from '@/api/command'
import type { Application } from '@/api/applications'
import { fillText } from '@/api/reason-text'
import { useWords } from '@/api/reference'
import { languages, useTranslation } from '@/i18n'
import { MerchantText } from '@/ui/merchant-text'
import { ProblemNotice } from '@/ui/problem-notice'
import { openReasons } from './case'
import { DecideButton } from './decide-button'
import { useReturn } from './review.api'
import styles from './return-drawer.module.css'
import { useAdvance } from './use-advance'

interface Props {
  application: Application
  open: boolean
  onClose: () => void
  onSee: () => void
}

/** Shows exactly what the merchant will get, then sends all of it together. */
export function ReturnDrawer({ application, open, onClose, onSee }: Props) {
  const { t } = useTranslation('staff')
  const sending = useReturn(application)
  const advance = useAdvance(application.stage)
  const reasons = openReasons(application)
  const words = useWords()
  const language = application.language
  const label = (key: string) => words.inline(key, language)
  const targets = [...new Set(reasons.map((reason) => reason.target))]
  return (
    <Drawer
      open={open}
      onClose={onClose}
      size={560}
      title={t('return.title', { count: reasons.length })}
      footer={
        <div className={styles.footer}>
          <ProblemNotice error={sending.error} onSee={onSee} />
          <DecideButton
            label={t('return.send', { count: reasons.length })}
            busy={sending.isPending}
            disabled={reasons.length === 0 || !open}
            onDecide={(next) => {
              perform(sending, undefined, () => {
                onClose()
                if (next) advance()
              })
            }}
          />
        </div>
      }
    >
      <p className={styles.lead}>{t('return.lead', { language: languages[language] })}</p>
      <ol className={styles.letter}>
        {targets.map((target) => (
          <li key={target}>
            <h3 lang={language}>{label(target)}</h3>
            {reasons
              .filter((reason) => reason.target === target)
              .map((reason) => {
                const entry = words.entry(reason.code, reason.sub)
                const value = application.items.find((item) => item.key === target)?.value
                return (
                  <div key={reason.id} className={styles.reason}>
                    {entry ? (
                      <MerchantText
                        language={language}
                        text={fillText(entry.text[language], { item: label(target), value })}
                        note={reason.note}
                      />
                    ) : (
                      <p>{reason.code}</p>
                    )}
                  </div>
                )
              })}
          </li>
        ))}
      </ol>
      <p className="muted">{t('return.unlocks')}</p>
    </Drawer>
  )
}
