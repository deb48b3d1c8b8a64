import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Form as AntForm, Input } from 'antd'
import { formQuery, type Form, type Status } from '@/api/applications'
import { ProblemError } from '@/api/problem'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { Loading } from '@/ui/loading'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import { MerchantFrame } from './merchant-frame'
import { useDeclareSite, type SiteDeclaration } from './merchant.api'
import styles from './site-page.module.css'

/** The website: its address, and a test account for the walk through a purchase. */
export function SitePage({ id }: { id: string }) {
  const { t } = useTranslation('merchant')
  return (
    <MerchantFrame id={id} title={t('site.title')} lead={() => t('site.lead')}>
      {(status) => <Loaded id={id} status={status} />}
    </MerchantFrame>
  )
}

function Loaded({ id, status }: { id: string; status: Status }) {
  const { t } = useTranslation('merchant')
  const words = useWords()
  const form = useQuery(formQuery(id))
  return (
    <>
      <section className={styles.explain}>
        <h2>{t('site.whatIsICP')}</h2>
        <p>{t('site.icpAnswer')}</p>
        <h2>{t('site.looksAt')}</h2>
        <ul>
          {words.reference?.site_requirements.map((requirement) => (
            <li key={requirement.id}>{words.pick(requirement.label)}</li>
          ))}
        </ul>
      </section>
      {form.error && <ProblemNotice error={form.error} onSee={() => void form.refetch()} />}
      {form.isPending && <Loading />}
      {form.data && <Declaration key={form.data.site_url} id={id} form={form.data} status={status} />}
    </>
  )
}

const closed: readonly Status['stage'][] = [
  'contract',
  'signature',
  'countersignature',
  'activation',
  'active',
  'declined',
  'expired',
  'withdrawn',
]

function Declaration({ id, form, status }: { id: string; form: Form; status: Status }) {
  const { t } = useTranslation('merchant')
  const declare = useDeclareSite(id)
  const domain = form.items.find((item) => item.key === 'site.domain')?.value
  const problem = (field: string) => {
    const text = declare.error instanceof ProblemError ? declare.error.field(`/${field}`) : undefined
    return text ? { validateStatus: 'error' as const, help: text } : {}
  }
  if (closed.includes(status.stage)) {
    return <p>{form.site_url ? t('site.declared', { url: form.site_url }) : t('site.closed')}</p>
  }
  return (
    <section className={`sheet ${styles.form}`}>
      {form.site_url && <Alert type="info" showIcon title={t('site.declared', { url: form.site_url })} />}
      <AntForm<SiteDeclaration>
        layout="vertical"
        requiredMark="optional"
        initialValues={{ url: form.site_url ?? (domain ? `https://${domain}` : ''), guide: form.site_guide }}
        onFinish={({ guide, ...values }) => {
          declare.mutate({ ...values, ...(guide?.trim() && { guide: guide.trim() }) })
        }}
      >
        <AntForm.Item
          name="url"
          label={t('site.url')}
          extra={t('site.urlHelp')}
          rules={[{ required: true }, { type: 'url' }]}
          {...problem('url')}
        >
          <Input inputMode="url" autoComplete="url" />
        </AntForm.Item>
        <AntForm.Item
          name="test_user"
          label={t('site.user')}
          extra={form.has_test_account ? t('site.accountThere') : t('site.userHelp')}
          rules={[{ required: true }]}
          {...problem('test_user')}
        >
          <Input autoComplete="off" />
        </AntForm.Item>
        <AntForm.Item
          name="test_password"
          label={t('site.password')}
          extra={t('site.passwordHelp')}
          rules={[{ required: true }]}
          {...problem('test_password')}
        >
          <Input.Password autoComplete="new-password" />
        </AntForm.Item>
        <AntForm.Item name="guide" label={t('site.guide')} extra={t('site.guideHelp')} {...problem('guide')}>
          <Input.TextArea rows={3} {...atMost(2000)} />
        </AntForm.Item>
        <ProblemNotice error={declare.error} />
        {declare.isSuccess && <Alert type="success" showIcon role="status" title={t('site.done')} />}
        <Button
          type="primary"
          size="large"
          htmlType="submit"
          className={styles.submit ?? ''}
          loading={declare.isPending && { delay: 300 }}
        >
          {t('site.submit')}
        </Button>
      </AntForm>
    </section>
  )
}
