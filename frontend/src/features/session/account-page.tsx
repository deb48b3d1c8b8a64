import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, Popconfirm } from 'antd'
import { useState } from 'react'
import { api, body } from '@/api/client'
import { disenrolled, useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusTag } from '@/ui/status-tag'
import styles from './account-page.module.css'
import { ApiKeys } from './api-keys'
import { DataCopy } from './data-copy'
import { device } from './device'
import { OneTimeCodes } from './one-time-codes'
import { RecoveryCodes } from './recovery-codes'
import { disableTOTP } from './session.api'

export function AccountPage() {
  const { t } = useTranslation()
  const { t: terms } = useTranslation('terms')
  const identity = useIdentity()
  if (!identity) return null
  return (
    <Page
      width="narrow"
      title={t('account.title')}
      lead={`${identity.email} · ${terms(`roles.${identity.role}`)}`}
    >
      {identity.role === 'admin' && <p className={styles.hint}>{t('account.admin')}</p>}
      <Sessions />
      <Devices />
      <Password />
      {(identity.role === 'merchant' || identity.role === 'agent') && <ApiKeys />}
      <Codes
        active={identity.totp ?? false}
        optional={identity.role === 'merchant' || identity.role === 'agent'}
      />
      {identity.role === 'merchant' && <DataCopy />}
    </Page>
  )
}

function Sessions() {
  const { t } = useTranslation()
  const format = useFormats()
  const queries = useQueryClient()
  const sessions = useQuery({
    queryKey: ['sessions'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/me/sessions', { signal })),
  })
  const ending = useMutation({
    networkMode: 'always',
    mutationFn: async (session: string) =>
      body(await api.DELETE('/v1/me/sessions/{session}', { params: { path: { session } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  })
  return (
    <section className={`sheet ${styles.section}`}>
      <h2>{t('account.sessions')}</h2>
      <p className="muted">{t('account.sessionsHelp')}</p>
      {sessions.isPending && <Loading rows={2} />}
      <ProblemNotice error={sessions.error ?? ending.error} />
      <ul>
        {sessions.data?.sessions.map((session) => (
          <li key={session.id} className={styles.session}>
            <span>
              <span className={styles.agent} title={session.user_agent}>
                {device(session.user_agent) ?? t('account.unknownDevice')}
              </span>
              <span className="muted">
                {t('account.since', { when: format.moment(session.started) })}
                {session.last_used && ` · ${t('account.used', { when: format.moment(session.last_used) })}`}
              </span>
            </span>
            {session.current ? (
              <StatusTag tone="good">{t('account.thisOne')}</StatusTag>
            ) : (
              <Button
                size="small"
                onClick={() => {
                  ending.mutate(session.id)
                }}
              >
                {t('account.end')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Devices() {
  const { t } = useTranslation()
  const format = useFormats()
  const queries = useQueryClient()
  const devices = useQuery({
    queryKey: ['devices'],
    queryFn: async ({ signal }) => body(await api.GET('/v1/auth/devices', { signal })),
  })
  const forgetting = useMutation({
    networkMode: 'always',
    mutationFn: async (one: string) =>
      body(await api.DELETE('/v1/auth/devices/{device}', { params: { path: { device: one } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['devices'] }),
  })
  return (
    <section className={`sheet ${styles.section}`}>
      <h2>{t('devices.title')}</h2>
      <p className="muted">{t('devices.about')}</p>
      {devices.isPending && <Loading rows={2} />}
      <ProblemNotice error={devices.error ?? forgetting.error} />
      <ul>
        {devices.data?.devices.map((one) => (
          <li key={one.id} className={styles.session}>
            <span>
              <span className={styles.agent} title={one.user_agent}>
                {device(one.user_agent) ?? t('account.unknownDevice')}
              </span>
              <span className="muted">
                {t('account.since', { when: format.moment(one.trusted) })}
                {` · ${t('keysOf.until', { when: format.day(one.expires) })}`}
              </span>
            </span>
            {one.current ? (
              <StatusTag tone="good">{t('account.thisOne')}</StatusTag>
            ) : (
              <Button
                size="small"
                onClick={() => {
                  forgetting.mutate(one.id)
                }}
              >
                {t('devices.forget')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Codes({ active, optional }: { active: boolean; optional: boolean }) {
  const { t } = useTranslation()
  const [round, setRound] = useState(0)
  const disabling = useMutation({
    networkMode: 'always',
    mutationFn: disableTOTP,
    onSuccess: disenrolled,
  })
  return (
    <section className={`sheet ${styles.section}`}>
      <h2>{t('totp.title')}</h2>
      <p className="muted">{t('totp.about')}</p>
      {active && (
        <p className={styles.state}>
          <StatusTag tone="good">{t('totp.active')}</StatusTag>
        </p>
      )}
      <OneTimeCodes
        key={round}
        replace={active}
        onDone={() => {
          setRound(round + 1)
        }}
      />
      {active && <RecoveryCodes />}
      {active && optional && (
        <div className={styles.part}>
          <ProblemNotice error={disabling.error} />
          <Popconfirm
            title={t('totp.disableSure')}
            okText={t('totp.disable')}
            cancelText={t('keysOf.keep')}
            onConfirm={() => {
              disabling.mutate()
            }}
          >
            <Button type="link" style={{ padding: 0 }}>
              {t('totp.disable')}
            </Button>
          </Popconfirm>
        </div>
      )}
    </section>
  )
}

interface Values {
  current: string
  password: string
}

function Password() {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const changing = useMutation({
    networkMode: 'always',
    mutationFn: async (values: Values) => body(await api.PUT('/v1/me/password', { body: values })),
    onSuccess: () => {
      form.resetFields()
    },
  })
  return (
    <section className={`sheet ${styles.section}`}>
      <h2>{t('account.password')}</h2>
      <p className="muted">{t('account.passwordHelp')}</p>
      <Form<Values>
        form={form}
        layout="vertical"
        requiredMark={false}
        className={styles.form}
        onFinish={(values) => {
          changing.mutate(values)
        }}
      >
        <Form.Item name="current" label={t('account.current')} rules={[{ required: true }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="password"
          label={t('activation.password')}
          extra={t('activation.rules')}
          rules={[{ required: true }, { min: 12 }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <ProblemNotice error={changing.error} />
        {changing.isSuccess && <p role="status">{t('account.changed')}</p>}
        <Button htmlType="submit" loading={changing.isPending && { delay: 300 }}>
          {t('account.change')}
        </Button>
      </Form>
    </section>
  )
}
