import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Typography } from 'antd'
import { api, body } from '@/api/client'
import { recoveryCodes, useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import styles from './account-page.module.css'

/** Codes that were just issued; they are shown this once. */
export function FreshRecoveryCodes({ codes }: { codes: string[] }) {
  const { t } = useTranslation()
  return (
    <div role="status" className={styles.secret}>
      <p>{t('recovery.once')}</p>
      <ol className={`mono ${styles.codes}`}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <Typography.Text copyable={{ text: codes.join('\n') }}>{t('recovery.copy')}</Typography.Text>
    </div>
  )
}

const few = 4

/** How many recovery codes are left, and new ones. */
export function RecoveryCodes() {
  const { t } = useTranslation()
  const left = useIdentity()?.recovery_codes ?? 0
  const renewing = useMutation({
    networkMode: 'always',
    gcTime: 0,
    mutationFn: async () => body(await api.POST('/v1/me/recovery-codes')).recovery_codes,
    onSuccess: (codes) => {
      recoveryCodes(codes.length)
    },
  })
  return (
    <div className={styles.part}>
      <h3>{t('recovery.title')}</h3>
      <p className="muted">{t('recovery.about')}</p>
      {left < few ? (
        <Alert type="warning" showIcon title={t('recovery.few', { count: left })} />
      ) : (
        <p>{t('recovery.left', { count: left })}</p>
      )}
      {renewing.data && <FreshRecoveryCodes codes={renewing.data} />}
      <ProblemNotice error={renewing.error} />
      <Button
        className={styles.act}
        loading={renewing.isPending && { delay: 300 }}
        onClick={() => {
          renewing.mutate()
        }}
      >
        {t('recovery.renew')}
      </Button>
    </div>
  )
}
