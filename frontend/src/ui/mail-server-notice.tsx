import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import { mailServerQuery } from '@/api/mail'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import styles from './mail-notice.module.css'

/** Tells who can do something about it that no mail leaves. Nothing while mails do. */
export function MailServerNotice() {
  const { t } = useTranslation()
  const format = useFormats()
  const { data } = useQuery(mailServerQuery)
  if (!data || data.state === 'works') return null
  const answer = [data.code, data.status].filter(Boolean).join(' ')
  return (
    <Alert
      className={styles.notice}
      type="error"
      showIcon
      role="status"
      title={t(`mail.server.${data.state}`)}
      description={
        <>
          {t('mail.server.body', { when: data.since ? format.moment(data.since) : '' })}
          {data.phase && <> {t('mail.server.said', { phase: data.phase, answer: answer || '–' })}</>}
        </>
      }
    />
  )
}
