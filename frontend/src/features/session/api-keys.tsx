import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Checkbox, Form, Input, Popconfirm, Select, Typography } from 'antd'
import dayjs from 'dayjs'
import { api, body, type Schemas } from '@/api/client'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { Loading } from '@/ui/loading'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import styles from './account-page.module.css'

const scopes = ['applications:read', 'applications:write'] as const
// A colon in a key would be read as the end of a namespace.
const scopeNames = {
  'applications:read': 'read',
  'applications:write': 'write',
  'webhooks:manage': 'webhooks',
} as const satisfies Record<Schemas['Scope'], string>
const terms = [30, 90, 365] as const

interface Values {
  label: string
  scopes: Schemas['Scope'][]
  days: number
}

/** The keys with which a merchant's or agent's own servers call the interface. */
export function ApiKeys() {
  const { t } = useTranslation()
  const format = useFormats()
  const queries = useQueryClient()
  const [form] = Form.useForm<Values>()
  const keys = useQuery({
    queryKey: ['api-keys'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/me/api-keys', { signal })),
  })
  const changed = () => queries.invalidateQueries({ queryKey: ['api-keys'] })
  const issuing = useMutation({
    networkMode: 'always',
    // The secret is shown this once; it must not outlive the page.
    gcTime: 0,
    mutationFn: async ({ label, scopes, days }: Values) =>
      body(
        await api.POST('/v1/me/api-keys', {
          body: { label: label.trim(), scopes, expires: dayjs().add(days, 'day').toISOString() },
        }),
      ),
    onSuccess: () => {
      form.resetFields()
      return changed()
    },
  })
  const revoking = useMutation({
    networkMode: 'always',
    mutationFn: async (key: string) =>
      body(await api.DELETE('/v1/me/api-keys/{key}', { params: { path: { key } } })),
    onSuccess: changed,
  })
  return (
    <section className={`sheet ${styles.section}`}>
      <h2>{t('keysOf.title')}</h2>
      <p className="muted">{t('keysOf.about')}</p>
      {keys.isPending && <Loading rows={2} />}
      <ProblemNotice error={keys.error ?? revoking.error} />
      <ul>
        {keys.data?.keys.map((key) => (
          <li key={key.id} className={styles.session}>
            <span>
              <span className={styles.agent}>
                {key.label} <span className="mono">{key.prefix}…</span>
              </span>
              <span className="muted">
                {format.list(key.scopes.map((scope) => t(`keysOf.scopes.${scopeNames[scope]}`)))}
                {' · '}
                {key.used ? t('account.used', { when: format.moment(key.used) }) : t('keysOf.unused')}
                {key.expires && ` · ${t('keysOf.until', { when: format.day(key.expires) })}`}
              </span>
            </span>
            <Popconfirm
              title={t('keysOf.sure', { label: key.label })}
              okText={t('keysOf.revoke')}
              cancelText={t('keysOf.keep')}
              onConfirm={() => {
                revoking.mutate(key.id)
              }}
            >
              <Button size="small" aria-label={t('keysOf.revokeOne', { label: key.label })}>
                {t('keysOf.revoke')}
              </Button>
            </Popconfirm>
          </li>
        ))}
      </ul>
      {issuing.data && (
        <div role="status" className={styles.secret}>
          <p>{t('keysOf.once')}</p>
          <Typography.Text copyable code>
            {issuing.data.secret}
          </Typography.Text>
        </div>
      )}
      <Form<Values>
        form={form}
        layout="vertical"
        requiredMark={false}
        className={styles.form}
        initialValues={{ scopes: ['applications:read'], days: 90 }}
        onFinish={(values) => {
          issuing.mutate(values)
        }}
      >
        <Form.Item name="label" label={t('keysOf.label')} rules={[{ required: true, whitespace: true }]}>
          <Input {...atMost(80)} autoComplete="off" placeholder={t('keysOf.example')} />
        </Form.Item>
        <Form.Item name="scopes" label={t('keysOf.may')} rules={[{ type: 'array', min: 1 }]}>
          <Checkbox.Group
            options={scopes.map((scope) => ({
              value: scope,
              label: t(`keysOf.scopes.${scopeNames[scope]}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="days" label={t('keysOf.term')}>
          <Select
            options={terms.map((days) => ({ value: days, label: t('keysOf.days', { count: days }) }))}
          />
        </Form.Item>
        <ProblemNotice error={issuing.error} />
        <Button htmlType="submit" loading={issuing.isPending && { delay: 300 }}>
          {t('keysOf.issue')}
        </Button>
      </Form>
    </section>
  )
}
