import { Button, Popconfirm } from 'antd'
import type { Form } from '@/api/applications'
import { useWords } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import styles from './consents.module.css'
import { useConsent, useConsentWithdrawal } from './merchant.api'

type Name = 'privacy' | 'financial_account'

/** Where consent is given and taken back: with the merchant, or after the end. */
const giving: readonly Form['stage'][] = ['draft', 'correction']
const withdrawing: readonly Form['stage'][] = [...giving, 'withdrawn', 'declined', 'expired']

/** The two consents, each to a text of its own that is named by its digest. */
export function Consents({ id, form }: { id: string; form: Form }) {
  const { t } = useTranslation('merchant')
  const words = useWords()
  const format = useFormats()
  const agent = useIdentity()?.role === 'agent'
  const consent = useConsent(id)
  const withdrawal = useConsentWithdrawal(id)
  const texts = words.reference?.consents ?? []
  if (texts.length === 0) return null
  return (
    <section className={`sheet ${styles.section}`} aria-labelledby="section-consents">
      <h2 id="section-consents">{t('consents.title')}</h2>
      <p className={styles.about}>{agent ? t('consents.agent') : t('consents.about')}</p>
      {texts.map((text) => {
        const given = form.consents.find(
          (each) => each.consent === text.consent && each.version === text.version,
        )
        return (
          <div key={text.consent} id={`field-consent.${text.consent}`} className={styles.consent}>
            <h3>{t(`consents.names.${text.consent as Name}`)}</h3>
            <div
              className={styles.text}
              tabIndex={0}
              role="region"
              aria-label={t(`consents.names.${text.consent as Name}`)}
            >
              {words.pick(text.text)}
            </div>
            {given ? (
              <>
                <p className={styles.given}>{t('consents.given', { when: format.moment(given.at) })}</p>
                {!agent && withdrawing.includes(form.stage) && (
                  <Popconfirm
                    title={t('consents.withdrawSure')}
                    okText={t('consents.withdraw')}
                    cancelText={t('consents.keep')}
                    onConfirm={() => {
                      withdrawal.mutate({ consent: text.consent as Name })
                    }}
                  >
                    <Button
                      type="link"
                      style={{ padding: 0 }}
                      loading={
                        withdrawal.isPending &&
                        withdrawal.variables.consent === text.consent && { delay: 300 }
                      }
                    >
                      {t('consents.withdraw')}
                    </Button>
                  </Popconfirm>
                )}
                {!agent && !withdrawing.includes(form.stage) && form.stage !== 'active' && (
                  <p className="muted">{t('consents.inUse')}</p>
                )}
              </>
            ) : (
              !agent &&
              giving.includes(form.stage) && (
                <Button
                  loading={consent.isPending && consent.variables.consent === text.consent && { delay: 300 }}
                  onClick={() => {
                    consent.mutate({
                      consent: text.consent as Name,
                      version: text.version,
                      sha256: words.pick(text.sha256),
                      language: words.language,
                    })
                  }}
                >
                  {t('consents.agree')}
                </Button>
              )
            )}
          </div>
        )
      })}
      <ProblemNotice error={consent.error ?? withdrawal.error} />
    </section>
  )
}
