import { useMutation } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { ProblemError } from '@/api/problem'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import { login } from './session.api'

interface Values {
  email: string
  password: string
  code?: string
  recovery?: string
}

interface Props {
  /** A known address, when the same person logs in again. */
  email?: string
  onDone: () => void
}

export function LoginForm({ email, onDone }: Props) {
  const { t } = useTranslation()
  const [asksCode, setAsksCode] = useState(false)
  const [recovery, setRecovery] = useState(false)
  const attempt = useMutation({
    networkMode: 'always',
    mutationFn: ({ email: address, password, code, recovery: spare }: Values) =>
      login({
        email: address.trim(),
        password,
        ...(code && { code }),
        ...(spare && { recovery_code: spare.trim() }),
      }),
    onSuccess: onDone,
    onError: (error) => {
      if (error instanceof ProblemError && error.code.startsWith('code-')) setAsksCode(true)
    },
  })
  return (
    <Form<Values>
      layout="vertical"
      requiredMark={false}
      initialValues={{ email }}
      onFinish={(values) => {
        attempt.mutate(values)
      }}
    >
      <Form.Item name="email" label={t('login.email')} rules={[{ required: true }]}>
        <Input
          autoComplete="username"
          inputMode="email"
          readOnly={email !== undefined}
          autoFocus={email === undefined}
        />
      </Form.Item>
      <Form.Item name="password" label={t('login.password')} rules={[{ required: true }]}>
        <Input.Password autoComplete="current-password" autoFocus={email !== undefined} />
      </Form.Item>
      {asksCode && !recovery && (
        <Form.Item
          key="code"
          name="code"
          label={t('login.code')}
          extra={t('login.codeHelp')}
          rules={[{ pattern: /^\d{6}$/ }]}
        >
          <Input autoComplete="one-time-code" inputMode="numeric" maxLength={6} className="mono" autoFocus />
        </Form.Item>
      )}
      {asksCode && recovery && (
        <Form.Item
          key="recovery"
          name="recovery"
          label={t('login.recovery')}
          extra={t('login.recoveryHelp')}
          rules={[{ required: true }]}
        >
          <Input autoComplete="off" maxLength={40} className="mono" autoFocus />
        </Form.Item>
      )}
      {asksCode && (
        <Button
          type="link"
          style={{ padding: 0, marginBottom: 12 }}
          onClick={() => {
            setRecovery(!recovery)
          }}
        >
          {recovery ? t('login.useCode') : t('login.useRecovery')}
        </Button>
      )}
      <ProblemNotice error={attempt.error} />
      <Button
        type="primary"
        htmlType="submit"
        block
        size="large"
        style={{ marginTop: attempt.error ? 16 : 0 }}
        loading={attempt.isPending && { delay: 300 }}
      >
        {t('login.submit')}
      </Button>
    </Form>
  )
}
