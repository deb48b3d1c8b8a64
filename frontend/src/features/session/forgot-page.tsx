import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert, Button, Form, Input } from 'antd'
import { useTranslation } from '@/i18n'
import { OutsidePage } from '@/ui/outside-page'
import { ProblemNotice } from '@/ui/problem-notice'
import { requestLink } from './session.api'

/** Asks for a mail with a link to set a password. */
export function ForgotPage() {
  const { t } = useTranslation()
  const asking = useMutation({
    networkMode: 'always',
    mutationFn: ({ email }: { email: string }) => requestLink(email.trim()),
  })
  return (
    <OutsidePage title={t('forgot.title')} lead={t('forgot.lead')}>
      {asking.isSuccess ? (
        <Alert type="success" showIcon role="status" title={t('forgot.sent')} />
      ) : (
        <Form<{ email: string }>
          layout="vertical"
          requiredMark={false}
          onFinish={(values) => {
            asking.mutate(values)
          }}
        >
          <Form.Item name="email" label={t('login.email')} rules={[{ required: true }, { type: 'email' }]}>
            <Input autoComplete="username" inputMode="email" autoFocus />
          </Form.Item>
          <ProblemNotice error={asking.error} />
          <Button type="primary" size="large" htmlType="submit" loading={asking.isPending && { delay: 300 }}>
            {t('forgot.submit')}
          </Button>
        </Form>
      )}
      <p style={{ marginTop: 24 }}>
        <Link to="/login">{t('login.back')}</Link>
      </p>
    </OutsidePage>
  )
}
