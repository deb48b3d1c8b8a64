import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Alert, Button } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import { findingsQuery, formQuery, type Form, type Status } from '@/api/applications'
import { ProblemError } from '@/api/problem'
import { useWords } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { Loading } from '@/ui/loading'
import { ProblemNotice, useFindingText, useRefusalText } from '@/ui/problem-notice'
import { Consents } from './consents'
import { Field } from './field'
import { blocking, documentsOf, fieldsBySection } from './form'
import styles from './form-page.module.css'
import { MerchantFrame } from './merchant-frame'
import { useFillDetails, useSubmit } from './merchant.api'
import { ProductsSection } from './products-section'
import { UploadSlot } from './upload-slot'

/** The application form: fields, documents, consents, submission. */
export function FormPage({ id }: { id: string }) {
  const { t } = useTranslation('merchant')
  return (
    <MerchantFrame
      id={id}
      title={t('form.title')}
      lead={(status) => status?.stage === 'draft' && t('form.lead')}
    >
      {(status) => <Loaded id={id} status={status} />}
    </MerchantFrame>
  )
}

function Loaded({ id, status }: { id: string; status: Status }) {
  const form = useQuery(formQuery(id))
  if (form.error) return <ProblemNotice error={form.error} onSee={() => void form.refetch()} />
  if (!form.data) return <Loading rows={10} />
  return <TheForm id={id} form={form.data} status={status} />
}

const ended: readonly Form['stage'][] = ['withdrawn', 'declined', 'expired']

function TheForm({ id, form, status }: { id: string; form: Form; status: Status }) {
  const { t } = useTranslation('merchant')
  const draft = form.stage === 'draft'
  const findings = useQuery({
    ...findingsQuery(id, form.revision),
    enabled: draft,
    placeholderData: (old) => old,
  })
  const fill = useFillDetails(id)
  const refusalText = useRefusalText()
  const [saved, setSaved] = useState('')
  const list = findings.data?.findings ?? []
  const about = (item: string) => list.filter((finding) => finding.item === item)
  const sent = fill.variables ? Object.keys(fill.variables) : []
  const refusalOf = (item: string): string | undefined => {
    if (!(fill.error instanceof ProblemError) || !sent.includes(item)) return undefined
    const own = fill.error.problem.errors?.find((e) => e.item === item || e.pointer === `/values/${item}`)
    return own ? refusalText(own.code, own.detail) : refusalText(fill.error.code, fill.error.message)
  }
  return (
    <>
      {!draft && (
        <Alert
          className={styles.locked ?? ''}
          type="info"
          showIcon
          title={t(ended.includes(form.stage) ? 'form.ended' : 'form.locked')}
        />
      )}
      <ProductsSection id={id} form={form} editable={draft} />
      {fieldsBySection(form).map(({ section, items }) => (
        <section key={section} className={`sheet ${styles.section}`} aria-labelledby={`section-${section}`}>
          <h2 id={`section-${section}`}>{t(`form.sections.${section}.title`)}</h2>
          <p className={styles.about}>{t(`form.sections.${section}.about`)}</p>
          <div className={styles.fields}>
            {items.map((item) => (
              <Field
                key={item.key}
                item={item.key}
                value={item.value ?? ''}
                required={item.required}
                locked={item.locked}
                findings={about(item.key)}
                saved={saved === item.key}
                refusal={refusalOf(item.key)}
                onSave={(value) => {
                  perform(fill, { [item.key]: value }, () => {
                    setSaved(item.key)
                  })
                }}
              />
            ))}
          </div>
        </section>
      ))}
      <section className={`sheet ${styles.section}`} aria-labelledby="section-documents">
        <h2 id="section-documents">{t('form.documents')}</h2>
        <p className={styles.about}>{t('form.documentsAbout')}</p>
        {documentsOf(form).map((item) => (
          <UploadSlot
            key={item.key}
            application={id}
            slot={item.key}
            document={item.document}
            required={item.required}
            locked={item.locked}
            waived={item.waived}
            findings={about(item.key)}
          />
        ))}
      </section>
      <Consents id={id} form={form} />
      {draft && (
        <Submission id={id} form={form} status={status} findings={list} checked={findings.isSuccess} />
      )}
    </>
  )
}

interface SubmissionProps {
  id: string
  form: Form
  status: Status
  findings: Parameters<typeof blocking>[0]
  checked: boolean
}

function Submission({ id, form, findings, checked }: SubmissionProps) {
  const { t } = useTranslation('merchant')
  const words = useWords()
  const navigate = useNavigate()
  const say = useFindingText()
  const nameOf = (item: string) =>
    item.startsWith('consent.')
      ? t(`consents.names.${item.slice('consent.'.length) as 'privacy'}`)
      : words.item(item)
  const agent = useIdentity()?.role === 'agent'
  const submit = useSubmit(id, form.revision)
  const open = blocking(findings)
  return (
    <section className={`sheet ${styles.section}`} aria-labelledby="section-submit">
      <h2 id="section-submit">{t('submit.title')}</h2>
      {open.length > 0 ? (
        <>
          <p className={styles.about}>{t('submit.missing', { count: open.length })}</p>
          <ul className={styles.missing}>
            {open.map((finding) => (
              <li key={`${finding.item}${finding.code}`}>
                <a href={`#field-${finding.item}`}>{nameOf(finding.item)}</a>
                <span className="muted"> · {say(finding)}</span>
              </li>
            ))}
          </ul>
        </>
      ) : (
        checked && <p className={styles.about}>{t('submit.ready')}</p>
      )}
      {agent && <p className={styles.about}>{t('submit.agent')}</p>}
      <ProblemNotice error={submit.error} />
      <Button
        type="primary"
        size="large"
        disabled={open.length > 0 || !checked}
        loading={submit.isPending && { delay: 300 }}
        onClick={() => {
          perform(submit, undefined, () => void navigate({ to: '/applications/$id', params: { id } }))
        }}
      >
        {t('submit.button')}
      </Button>
    </section>
  )
}
