import { Button, Modal } from 'antd'
import { end } from '@/api/session'
import { useTranslation } from '@/i18n'
import { LoginForm } from './login-form'

/**
 * Asks for the password again over the page as it is. Requests that were under
 * way wait for it, so that nothing half-finished is lost.
 */
export function ReloginDialog({ email }: { email: string }) {
  const { t } = useTranslation()
  return (
    <Modal
      open
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={null}
      title={t('login.expired')}
      width={420}
    >
      <p style={{ marginBottom: 16 }}>{t('login.expiredBody')}</p>
      <LoginForm email={email} onDone={() => undefined} />
      <Button
        type="link"
        style={{ padding: 0, marginTop: 12 }}
        onClick={() => {
          end()
          location.assign('/login')
        }}
      >
        {t('login.someoneElse')}
      </Button>
    </Modal>
  )
}
