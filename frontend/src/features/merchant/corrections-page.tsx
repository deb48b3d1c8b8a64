import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import { formQuery, type Form, type Status } from '@/api/applications'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { DeadlineBadge } from '@/ui/deadline-badge'
import { Loading } from '@/ui/loading'
import { MerchantText } from '@/ui/merchant-text'
import { ProblemNotice, useRefusalText } from '@/ui/problem-notice'
import { StatusTag } from '@/ui/status-tag'
import { atMost } from '@/ui/text'
import styles from './corrections-page.module.css'
import { Field } from './field'
import type { FormItem } from './form'
import { MerchantFrame } from './merchant-frame'
import { useCorrect, useMoveDocument, useSubmit } from './merchant.api'
import { UploadSlot } from './upload-slot'

/** Only what has to be put right: each reason with its field, nothing else. */
export function CorrectionsPage({ id }: { id: string }) {
  const { t } = useTranslation('merchant')
  return (
    <MerchantFrame id={id} title={t('corrections.title')} lead={() => t('corrections.lead')}>
      {(status) => <Loaded id={id} status={status} />}
    </MerchantFrame>
  )
}

function Loaded({ id, status }: { id: string; status: Status }) {
  const { t } = useTranslation('merchant')
  const form = useQuery(formQuery(id))
  if (status.stage !== 'correction') {
    return (
      <p>
        {t('corrections.none')}{' '}
        <Link to="/applications/$id" params={{ id }}>
          {t('corrections.toStatus')}
        </Link>
      </p>
    )
  }
  if (form.error) return <ProblemNotice error={form.error} onSee={() => void form.refetch()} />
  if (!form.data) return <Loading rows={8} />
  return <Corrections id={id} status={status} form={form.data} />
}

function Corrections({ id, status, form }: { id: string; status: Status; form: Form }) {
  const { t } = useTranslation('merchant')
  const words = useWords()
  const format = useFormats()
  const navigate = useNavigate()
  const submit = useSubmit(id, status.revision)
  const targets = [...new Set(status.reasons.map((reason) => reason.target))]
  const opened = status.unlocked.filter((key) => !targets.includes(key))
  const addressed = status.reasons.filter((reason) => reason.state === 'addressed').length
  const itemOf = (key: string) => form.items.find((item) => item.key === key)
  return (
    <>
      {status.deadline && (
        <p className={styles.deadline}>
          {t('status.until')} <strong>{format.until(status.deadline.due)}</strong>{' '}
          <DeadlineBadge due={status.deadline.due} />
        </p>
      )}
      <ol className={styles.list}>
        {targets.map((target) => {
          const reasons = status.reasons.filter((reason) => reason.target === target)
          const done = reasons.every((reason) => reason.state === 'addressed')
          return (
            <li key={target} className={`sheet ${styles.correction}`}>
              <div className={styles.head}>
                <h2>{words.item(target)}</h2>
                <StatusTag tone={done ? 'good' : 'warn'}>
                  {done ? t('corrections.done') : t('corrections.todo')}
                </StatusTag>
              </div>
              {reasons.map((reason) => (
                <div key={reason.id} className={styles.reason}>
                  <MerchantText
                    text={reason.text[words.language]}
                    note={reason.note}
                    language={words.language}
                  />
                </div>
              ))}
              <Change
                id={id}
                target={target}
                item={itemOf(target)}
                form={form}
                misplaced={reasons.some((reason) => reason.code === 'R02')}
              />
            </li>
          )
        })}
      </ol>
      {opened.length > 0 && (
        <section className={styles.also}>
          <h2>{t('corrections.also')}</h2>
          <p className="muted">{t('corrections.alsoBody')}</p>
          {opened.map((key) => (
            <div key={key} className={`sheet ${styles.correction}`}>
              <Change id={id} target={key} item={itemOf(key)} form={form} misplaced={false} />
            </div>
          ))}
        </section>
      )}
      <section className={`sheet ${styles.send}`}>
        <p>{t('corrections.progress', { done: addressed, count: status.reasons.length })}</p>
        <ProblemNotice error={submit.error} />
        <Button
          type="primary"
          size="large"
          disabled={addressed < status.reasons.length}
          loading={submit.isPending && { delay: 300 }}
          onClick={() => {
            perform(submit, undefined, () => void navigate({ to: '/applications/$id', params: { id } }))
          }}
        >
          {t('corrections.send')}
        </Button>
      </section>
    </>
  )
}

interface ChangeProps {
  id: string
  target: string
  item: FormItem | undefined
  form: Form
  /** The document lies in the wrong slot: offer to move it. */
  misplaced: boolean
}

function Change({ id, target, item, form, misplaced }: ChangeProps) {
  const correct = useCorrect(id)
  const refusalText = useRefusalText()
  if (item?.class === 'document') {
    return (
      <>
        <UploadSlot
          application={id}
          slot={target}
          document={item.document}
          required={item.required}
          locked={item.locked}
          waived={item.waived}
          findings={[]}
        />
        {misplaced && item.document && <Move id={id} slot={target} form={form} />}
      </>
    )
  }
  if (item?.class === 'field') {
    const refusal = correct.error ? refusalText(correct.error.code, correct.error.message) : undefined
    return (
      <Field
        item={target}
        value={item.value ?? ''}
        required={item.required}
        locked={item.locked}
        findings={[]}
        saved={correct.isSuccess}
        refusal={refusal}
        onSave={(value) => {
          correct.mutate({ item: target, value })
        }}
      />
    )
  }
  return <Statement id={id} target={target} given={item?.statement} />
}

function Move({ id, slot, form }: { id: string; slot: string; form: Form }) {
  const { t } = useTranslation('merchant')
  const words = useWords()
  const move = useMoveDocument(id)
  const slots = form.items.filter((item) => item.class === 'document' && item.key !== slot && !item.locked)
  if (slots.length === 0) return null
  return (
    <div className={styles.move}>
      <Select
        aria-label={t('corrections.moveTo')}
        placeholder={t('corrections.moveTo')}
        popupMatchSelectWidth={false}
        loading={move.isPending}
        onChange={(to: string) => {
          move.mutate({ slot, to })
        }}
        options={slots.map((item) => ({ value: item.key, label: words.item(item.key) }))}
      />
      <ProblemNotice error={move.error} />
    </div>
  )
}

function Statement({ id, target, given }: { id: string; target: string; given: string | undefined }) {
  const { t } = useTranslation('merchant')
  const correct = useCorrect(id)
  const [text, setText] = useState(given ?? '')
  return (
    <div className={styles.statement}>
      <label htmlFor={`statement-${target}`}>{t('corrections.statement')}</label>
      <Input.TextArea
        id={`statement-${target}`}
        rows={2}
        {...atMost(1000)}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
        }}
      />
      {target === 'site.url' || target === 'site.test_account' ? (
        <Link to="/applications/$id/site" params={{ id }}>
          {t('corrections.changeSite')}
        </Link>
      ) : null}
      <ProblemNotice error={correct.error} />
      <Button
        disabled={text.trim() === '' || text === given}
        loading={correct.isPending && { delay: 300 }}
        onClick={() => {
          correct.mutate({ item: target, statement: text.trim() })
        }}
      >
        {t('corrections.fixed')}
      </Button>
    </div>
  )
}
