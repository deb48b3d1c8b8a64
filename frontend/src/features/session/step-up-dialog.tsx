import { useMutation } from '@tanstack/react-query'
import { Button, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useIdentity } from '@/api/session'
import { answerProof, useQuestion, type Purpose } from '@/api/step-up'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import { proveAtProvider, provePresence } from './session.api'

interface Values {
  password: string
  code?: string
  recovery?: string
}

/**
 * Asks for the password, and a code where one is set up, before an act that
 * needs it. The act itself waits and goes on with the proof.
 */
export function StepUpDialog() {
  const { t } = useTranslation()
  const purpose = useQuestion()
  const identity = useIdentity()
  if (!purpose || !identity) return null
  return (
    <Modal
      open
      footer={null}
      mask={{ closable: false }}
      title={t('stepUp.title')}
      width={420}
      onCancel={() => {
        answerProof(undefined)
      }}
    >
      <p style={{ marginBottom: 16 }}>{t(`stepUp.why.${purpose}`)}</p>
      {identity.step_up === 'oidc' ? (
        <AtProvider purpose={purpose} />
      ) : (
        <WithPassword purpose={purpose} email={identity.email} code={identity.step_up === 'code'} />
      )}
    </Modal>
  )
}

function WithPassword({ purpose, email, code }: { purpose: Purpose; email: string; code: boolean }) {
  const { t } = useTranslation()
  const [recovery, setRecovery] = useState(false)
  const proving = useMutation({
    networkMode: 'always',
    gcTime: 0,
    mutationFn: (values: Values) =>
      provePresence({
        purpose,
        password: values.password,
        ...(values.code && { code: values.code }),
        ...(values.recovery && { recovery_code: values.recovery.trim() }),
      }),
    onSuccess: answerProof,
  })
  return (
    <Form<Values>
      name="step-up"
      layout="vertical"
      requiredMark={false}
      onFinish={(values) => {
        proving.mutate(values)
      }}
    >
      {/* Password managers fill the password in for this address. */}
      <input type="text" autoComplete="username" value={email} readOnly hidden />
      <Form.Item name="password" label={t('login.password')} rules={[{ required: true }]}>
        <Input.Password autoComplete="current-password" autoFocus />
      </Form.Item>
      {code && !recovery && (
        <Form.Item
          key="code"
          name="code"
          label={t('login.code')}
          extra={t('login.codeHelp')}
          rules={[{ required: true }, { pattern: /^\d{6}$/, message: t('totp.rule') }]}
        >
          <Input autoComplete="one-time-code" inputMode="numeric" maxLength={6} className="mono" />
        </Form.Item>
      )}
      {code && recovery && (
        <Form.Item key="recovery" name="recovery" label={t('login.recovery')} rules={[{ required: true }]}>
          <Input autoComplete="off" maxLength={40} className="mono" autoFocus />
        </Form.Item>
      )}
      {code && (
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
      <ProblemNotice error={proving.error} />
      <Button
        type="primary"
        htmlType="submit"
        block
        style={{ marginTop: proving.error ? 16 : 0 }}
        loading={proving.isPending && { delay: 300 }}
      >
        {t('stepUp.go')}
      </Button>
    </Form>
  )
}

function AtProvider({ purpose }: { purpose: Purpose }) {
  const { t } = useTranslation()
  const proving = useMutation({
    networkMode: 'always',
    gcTime: 0,
    mutationFn: () => proveAtProvider(purpose),
    onSuccess: answerProof,
  })
  return (
    <>
      <ProblemNotice error={proving.error} />
      <Button
        type="primary"
        block
        style={{ marginTop: proving.error ? 16 : 0 }}
        loading={proving.isPending && { delay: 300 }}
        onClick={() => {
          proving.mutate()
        }}
      >
        {t('stepUp.provider')}
      </Button>
    </>
  )
}
