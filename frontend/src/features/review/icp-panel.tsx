import { Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import type { Schemas } from '@/api/client'
import { ProblemError } from '@/api/problem'
import { usePersonName } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusTag } from '@/ui/status-tag'
import { openReasons } from './case'
import { DecideButton } from './decide-button'
import { useHindrance, type PanelProps } from './deciding'
import { Hindrance } from './hindrance'
import { Facts, Panel } from './panel'
import { ReturnButton } from './return-button'
import { useRecordICPEvidence, useVerifyICP } from './review.api'
import { useAdvance } from './use-advance'

type Values = Omit<Schemas['RecordICPEvidence'], 'looked_up_at'>

const statuses = ['found', 'none', 'app_only', 'cancelled'] as const

/** The filing of the domain: what the registry showed, and whether it is good. */
export function ICPPanel({ application, mine, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const name = usePersonName()
  const format = useFormats()
  const verify = useVerifyICP(application)
  const advance = useAdvance(application.stage)
  const hindrance = useHindrance(application, 'verifyICP')
  const [again, setAgain] = useState(false)
  const reasons = openReasons(application)
  const evidence = application.icp
  const value = (key: string) => application.items.find((item) => item.key === key)?.value ?? ''
  const editing = mine && (!evidence || again)
  return (
    <Panel title={t('icp.title')}>
      <p className="muted">{t('icp.help')}</p>
      <Facts
        facts={[
          [
            t('icp.declaredDomain'),
            <span key="d" className="mono">
              {value('site.domain') || '–'}
            </span>,
          ],
          [
            t('icp.declaredNumber'),
            <span key="n" className="mono">
              {value('site.icp_number') || '–'}
            </span>,
          ],
          [t('icp.declaredName'), application.name],
        ]}
      />
      {evidence && !again && (
        <>
          <h3>{t('icp.recorded')}</h3>
          <Facts
            facts={[
              [
                t('icp.status'),
                <StatusTag key="s" tone={evidence.status === 'found' ? 'good' : 'bad'}>
                  {t(`icp.statuses.${evidence.status}`)}
                </StatusTag>,
              ],
              [
                t('icp.domain'),
                <span key="d" className="mono">
                  {evidence.domain}
                </span>,
              ],
              [
                t('icp.number'),
                <span key="n" className="mono">
                  {evidence.number ?? '–'}
                </span>,
              ],
              [t('icp.subject'), evidence.subject ?? '–'],
              ...(evidence.relation ? [[t('icp.relation'), evidence.relation] as const] : []),
              [t('icp.when'), `${format.moment(evidence.looked_up_at)} · ${name(evidence.by)}`],
            ]}
          />
          {mine && (
            <Button
              onClick={() => {
                setAgain(true)
              }}
            >
              {t('icp.again')}
            </Button>
          )}
        </>
      )}
      {editing && (
        <EvidenceForm
          application={application}
          domain={value('site.domain')}
          number={value('site.icp_number')}
          onDone={() => {
            setAgain(false)
          }}
          onSee={onSee}
        />
      )}
      {evidence && !again && (
        <>
          {mine && <Hindrance why={hindrance} />}
          <ProblemNotice error={verify.error} onSee={onSee} />
          {reasons.length > 0 ? (
            <ReturnButton application={application} mine={mine} onSee={onSee} />
          ) : (
            <DecideButton
              label={t('icp.verify')}
              busy={verify.isPending}
              disabled={!mine || hindrance !== undefined}
              onDecide={(next) => {
                perform(verify, undefined, () => {
                  if (next) advance()
                })
              }}
            />
          )}
        </>
      )}
      {!evidence && reasons.length > 0 && (
        <ReturnButton application={application} mine={mine} onSee={onSee} />
      )}
    </Panel>
  )
}

interface FormProps {
  application: PanelProps['application']
  domain: string
  number: string
  onDone: () => void
  onSee: () => void
}

function EvidenceForm({ application, domain, number, onDone, onSee }: FormProps) {
  const { t } = useTranslation('staff')
  const record = useRecordICPEvidence(application)
  const [evidence] = useState(() => crypto.randomUUID())
  const [form] = Form.useForm<Values>()
  const found = Form.useWatch('status', form) === 'found'
  const problem = (field: string) => {
    const text = record.error instanceof ProblemError ? record.error.field(`/${field}`) : undefined
    return text ? { validateStatus: 'error' as const, help: text } : {}
  }
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      size="small"
      requiredMark={false}
      initialValues={{ domain, status: 'found', subject_kind: application.kind }}
      onFinish={(values) => {
        const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as Values
        perform(record, { evidence, ...given }, onDone)
      }}
    >
      <Form.Item name="status" label={t('icp.status')} {...problem('status')}>
        <Select options={statuses.map((status) => ({ value: status, label: t(`icp.statuses.${status}`) }))} />
      </Form.Item>
      <Form.Item name="domain" label={t('icp.domain')} rules={[{ required: true }]} {...problem('domain')}>
        <Input className="mono" />
      </Form.Item>
      {found && (
        <>
          <Form.Item
            name="number"
            label={t('icp.number')}
            extra={number && t('icp.compare', { number })}
            rules={[{ required: true }]}
            {...problem('number')}
          >
            <Input className="mono" />
          </Form.Item>
          <Form.Item
            name="subject"
            label={t('icp.subject')}
            extra={t('icp.subjectHelp')}
            rules={[{ required: true }]}
            {...problem('subject')}
          >
            <Input />
          </Form.Item>
          <Form.Item name="subject_kind" label={t('icp.subjectKind')}>
            <Select
              options={(['individual', 'enterprise', 'other'] as const).map((kind) => ({
                value: kind,
                label: t(`icp.kinds.${kind}`),
              }))}
            />
          </Form.Item>
          <Form.Item
            name="relation"
            label={t('icp.relation')}
            extra={t('icp.relationHelp')}
            {...problem('relation')}
          >
            <Input />
          </Form.Item>
        </>
      )}
      <ProblemNotice error={record.error} onSee={onSee} />
      <Button
        type="primary"
        htmlType="submit"
        size="middle"
        block
        loading={record.isPending && { delay: 300 }}
      >
        {t('icp.record')}
      </Button>
    </Form>
  )
}
