import { useQuery } from '@tanstack/react-query'
import { Button, Checkbox, Form, Input, Radio, Select } from 'antd'
import { ProblemError } from '@/api/problem'
import { referenceQuery, useWords } from '@/api/reference'
import type { Schemas } from '@/api/client'
import { currentLanguage, languages, useTranslation, type Language } from '@/i18n'
import { Choice } from '@/ui/choice'
import { ProblemNotice, useRefusalText } from '@/ui/problem-notice'
import styles from './registration-form.module.css'

type Registration = Schemas['Registration']

interface Props {
  /** Who types: the merchant, or an agent on the merchant's behalf. */
  by: 'merchant' | 'agent'
  busy: boolean
  error: unknown
  onSubmit: (registration: Registration) => void
}

const products = ['wechat', 'alipay', 'online_banking'] as const
const sites = ['web', 'app', 'offline'] as const

// Not antd's "required", which marks the group with an attribute that groups do
// not have.
const atLeastOne = (message: string) => (_: unknown, value: string[] | undefined) =>
  value?.length ? Promise.resolve() : Promise.reject(new Error(message))

export function RegistrationForm({ by, busy, error, onSubmit }: Props) {
  const { t } = useTranslation('merchant')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const refusal = useRefusalText()
  const { data: reference } = useQuery(referenceQuery)
  const [form] = Form.useForm<Registration>()
  const chosen = Form.useWatch('products', form)
  const banking = (chosen as string[] | undefined)?.includes('online_banking') ?? false
  const fieldProblem = (pointer: string) => {
    const wrong = error instanceof ProblemError ? error.at(pointer) : undefined
    return wrong ? { validateStatus: 'error' as const, help: refusal(wrong.code, wrong.detail) } : {}
  }
  return (
    <Form<Registration>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{
        kind: 'individual',
        products: [],
        site: 'web',
        language: currentLanguage(),
        banks: [],
      }}
      onFinish={(values) => {
        const { banks, ...rest } = values
        onSubmit({ ...rest, email: values.email.trim(), ...(banking && banks?.length ? { banks } : {}) })
      }}
    >
      <Form.Item
        name="email"
        label={by === 'merchant' ? t('register.email') : t('register.emailOther')}
        extra={t('register.emailHelp')}
        rules={[{ required: true }, { type: 'email' }]}
        {...fieldProblem('/email')}
      >
        <Input autoComplete="email" inputMode="email" />
      </Form.Item>
      <Form.Item name="kind" label={t('register.kind')} rules={[{ required: true }]}>
        <Radio.Group className={styles.choices}>
          {(['individual', 'enterprise'] as const).map((kind) => (
            <Radio key={kind} value={kind} className={styles.choice}>
              <Choice title={terms(`kinds.${kind}`)}>{t(`register.kinds.${kind}`)}</Choice>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      <Form.Item
        name="products"
        label={t('register.products')}
        rules={[{ validator: atLeastOne(t('register.productsNeeded')) }]}
        {...fieldProblem('/products')}
      >
        <Checkbox.Group className={styles.choices}>
          {products.map((product) => (
            <Checkbox key={product} value={product} className={styles.choice}>
              <Choice title={terms(`products.${product}`)}>{t(`register.productHelp.${product}`)}</Choice>
            </Checkbox>
          ))}
        </Checkbox.Group>
      </Form.Item>
      {banking && (
        <Form.Item
          name="banks"
          label={t('register.banks')}
          extra={t('register.banksHelp')}
          rules={[{ validator: atLeastOne(t('register.banksNeeded')) }]}
          {...fieldProblem('/banks')}
        >
          <Select
            mode="multiple"
            showSearch={{ optionFilterProp: 'label' }}
            options={
              reference?.banks.map((bank) => ({ value: bank.code, label: words.pick(bank.label) })) ?? []
            }
          />
        </Form.Item>
      )}
      <Form.Item name="site" label={t('register.site')} {...fieldProblem('/site')}>
        <Radio.Group className={styles.choices}>
          {sites.map((site) => (
            <Radio key={site} value={site} className={styles.choice}>
              <Choice title={terms(`sites.${site}`)}>{t(`register.siteHelp.${site}`)}</Choice>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      <Form.Item name="language" label={t('register.language')} extra={t('register.languageHelp')}>
        <Select
          className={styles.language}
          options={(Object.keys(languages) as Language[]).map((value) => ({
            value,
            label: languages[value],
          }))}
        />
      </Form.Item>
      <ProblemNotice error={error} />
      <Button
        type="primary"
        size="large"
        htmlType="submit"
        className={styles.submit}
        loading={busy && { delay: 300 }}
      >
        {by === 'merchant' ? t('register.submit') : t('register.add')}
      </Button>
    </Form>
  )
}
