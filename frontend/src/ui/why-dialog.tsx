import { Form, Input, Modal } from 'antd'
import { answerWhy, shortestWhy, useWhyQuestion } from '@/api/why'
import { useTranslation } from '@/i18n'

/** Asks why personal data of an application are opened that the reader does not hold. */
export function WhyDialog() {
  const { t } = useTranslation()
  const application = useWhyQuestion()
  const [form] = Form.useForm<{ why: string }>()
  if (!application) return null
  return (
    <Modal
      open
      mask={{ closable: false }}
      title={t('why.title')}
      okText={t('why.go')}
      width={460}
      onOk={() => {
        form.submit()
      }}
      onCancel={() => {
        answerWhy(undefined)
      }}
    >
      <p style={{ marginBottom: 16 }}>{t('why.lead')}</p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={({ why }) => {
          answerWhy(why.trim())
        }}
      >
        <Form.Item
          name="why"
          label={t('why.label')}
          extra={t('why.help')}
          rules={[
            {
              validator: (_, why?: string) =>
                // A Chinese character says as much as two letters.
                [...(why ?? '').trim()].reduce((n, sign) => n + (/\p{Script=Han}/u.test(sign) ? 2 : 1), 0) >=
                shortestWhy
                  ? Promise.resolve()
                  : Promise.reject(new Error(t('why.short'))),
            },
          ]}
        >
          <Input.TextArea rows={3} maxLength={500} autoFocus />
        </Form.Item>
      </Form>
    </Modal>
  )
}
