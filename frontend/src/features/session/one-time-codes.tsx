import { useMutation } from '@tanstack/react-query'
import { Button, Checkbox, Form, Input, QRCode } from 'antd'
import { useState } from 'react'
import { enrolled } from '@/api/session'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import styles from './one-time-codes.module.css'
import { FreshRecoveryCodes } from './recovery-codes'
import { beginTOTP, confirmTOTP } from './session.api'

/** Sets up one-time codes: a secret for the authenticator app, a first code, then recovery codes. */
export function OneTimeCodes({ replace, onDone }: { replace?: boolean; onDone?: () => void }) {
  const { t } = useTranslation()
  const [kept, setKept] = useState(false)
  const begin = useMutation({ networkMode: 'always', mutationFn: beginTOTP })
  const confirm = useMutation({
    networkMode: 'always',
    mutationFn: ({ code }: { code: string }) => confirmTOTP(code),
    gcTime: 0,
  })
  if (confirm.isSuccess) {
    return (
      <>
        <p role="status">{t('totp.done')}</p>
        <FreshRecoveryCodes codes={confirm.data} />
        <Checkbox
          className={styles.kept}
          checked={kept}
          onChange={(event) => {
            setKept(event.target.checked)
          }}
        >
          {t('recovery.kept')}
        </Checkbox>
        <Button
          type="primary"
          disabled={!kept}
          onClick={() => {
            enrolled()
            onDone?.()
          }}
        >
          {t('recovery.goOn')}
        </Button>
      </>
    )
  }
  if (!begin.data) {
    return (
      <>
        <ProblemNotice error={begin.error} />
        <Button
          type={replace ? 'default' : 'primary'}
          style={{ marginTop: begin.error ? 12 : 0 }}
          loading={begin.isPending && { delay: 300 }}
          onClick={() => {
            begin.mutate()
          }}
        >
          {replace ? t('totp.replace') : t('totp.begin')}
        </Button>
      </>
    )
  }
  return (
    <div className={styles.setup}>
      <ol className={styles.steps}>
        <li>
          {t('totp.scan')}
          <div className={styles.picture} role="img" aria-label={t('totp.picture')}>
            <span aria-hidden="true">
              <QRCode
                type="svg"
                value={begin.data.uri}
                size={176}
                bordered={false}
                color="#000"
                bgColor="#fff"
              />
            </span>
          </div>
        </li>
        <li>
          {t('totp.enter')}
          <code className={styles.secret}>{begin.data.secret.replace(/(.{4})/g, '$1 ').trim()}</code>
          <a href={begin.data.uri}>{t('totp.open')}</a>
        </li>
        <li>{t('totp.confirm')}</li>
      </ol>
      <Form<{ code: string }>
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => {
          confirm.mutate(values)
        }}
      >
        <Form.Item
          name="code"
          label={t('login.code')}
          rules={[{ required: true }, { pattern: /^\d{6}$/, message: t('totp.rule') }]}
        >
          <Input className="mono" inputMode="numeric" autoComplete="one-time-code" maxLength={6} />
        </Form.Item>
        <ProblemNotice error={confirm.error} />
        <p className={`muted ${styles.lost}`}>{t('totp.lost')}</p>
        <Button type="primary" htmlType="submit" loading={confirm.isPending && { delay: 300 }}>
          {t('totp.submit')}
        </Button>
      </Form>
    </div>
  )
}
