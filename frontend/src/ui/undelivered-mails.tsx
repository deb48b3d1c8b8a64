import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import i18next from 'i18next'
import { undeliveredQuery, type UndeliveredMail } from '@/api/mail'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import styles from './mail-notice.module.css'

interface Props {
  id: string
  /** Who reads: the merchant is told what to do, the others what happened. */
  reader: 'merchant' | 'other'
}

/** Mails about an application that did not arrive. Nothing while there are none. */
export function UndeliveredMails({ id, reader }: Props) {
  const { t } = useTranslation()
  const { data } = useQuery(undeliveredQuery(id))
  const mails = data?.items ?? []
  if (mails.length === 0) return null
  const lost = mails.filter((mail) => mail.state === 'undelivered').length
  const titles = {
    merchant: lost ? t('mail.ownUndelivered') : t('mail.ownDelayed'),
    other: lost ? t('mail.undelivered', { count: lost }) : t('mail.delayed', { count: mails.length }),
  }
  return (
    <Alert
      className={styles.notice}
      type={lost ? 'error' : 'warning'}
      showIcon
      role="status"
      title={titles[reader]}
      description={
        <>
          <p className={styles.advice}>{t(`mail.advice.${reader}`)}</p>
          {reader === 'other' && (
            <ul className={styles.list}>
              {mails.slice(0, 5).map((mail) => (
                <Line key={`${mail.template} ${mail.at}`} mail={mail} />
              ))}
            </ul>
          )}
        </>
      }
    />
  )
}

function Line({ mail }: { mail: UndeliveredMail }) {
  const { t } = useTranslation()
  const format = useFormats()
  const key = `mail.templates.${mail.template}`
  const answer = [mail.code, mail.status].filter(Boolean).join(' ')
  return (
    <li>
      {t('mail.line', {
        what: i18next.exists(key) ? t(key as never) : mail.template,
        when: format.moment(mail.at),
        why: t(`mail.reasons.${mail.state === 'delayed' ? 'delayed' : (mail.reason ?? 'rejected')}`),
      })}
      {answer && <> {t('mail.answer', { answer })}</>}
    </li>
  )
}
