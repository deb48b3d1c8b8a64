import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Alert, Button, Form, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from '@/i18n'
import { ButtonLink } from '@/ui/button-link'
import { OutsidePage } from '@/ui/outside-page'
import { ProblemNotice } from '@/ui/problem-notice'
import { activate } from './session.api'

interface Values {
  password: string
  again: string
}

export function ActivationPage({ token: given }: { token: string | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  // The token works once, but it still leaves the address bar and the history.
  const [token] = useState(given)
  useEffect(() => {
    if (given) void navigate({ to: '/activate', search: {}, replace: true })
  }, [given, navigate])
  const setting = useMutation({
    networkMode: 'always',
    mutationFn: ({ password }: Values) => activate(token ?? '', password),
  })
  if (setting.isSuccess) {
    return (
      <OutsidePage title={t('activation.doneTitle')} lead={t('activation.done')}>
        <ButtonLink to="/login" primary size="large">
          {t('login.submit')}
        </ButtonLink>
      </OutsidePage>
    )
  }
  return (
    <OutsidePage title={t('activation.title')} lead={t('activation.lead')}>
      {token ? (
        <Form<Values>
          layout="vertical"
          requiredMark={false}
          onFinish={(values) => {
            setting.mutate(values)
          }}
        >
          <Form.Item
            name="password"
            label={t('activation.password')}
            extra={t('activation.rules')}
            rules={[{ required: true }, { min: 12 }]}
          >
            <Input.Password autoComplete="new-password" autoFocus />
          </Form.Item>
          <Form.Item
            name="again"
            label={t('activation.again')}
            dependencies={['password']}
            rules={[
              { required: true },
              ({ getFieldValue }) => ({
                validator: (_, value) =>
                  !value || value === getFieldValue('password')
                    ? Promise.resolve()
                    : Promise.reject(new Error(t('activation.differ'))),
              }),
            ]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          <ProblemNotice error={setting.error} />
          <Button
            type="primary"
            size="large"
            htmlType="submit"
            style={{ marginTop: setting.error ? 16 : 0 }}
            loading={setting.isPending && { delay: 300 }}
          >
            {t('activation.submit')}
          </Button>
        </Form>
      ) : (
        <Alert type="warning" showIcon title={t('activation.noToken')} />
      )}
      <p style={{ marginTop: 24 }}>
        <Link to="/login">{t('activation.toLogin')}</Link>
      </p>
    </OutsidePage>
  )
}
