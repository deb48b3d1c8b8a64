import { Alert, Button, Input } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import type { Application, ItemView } from '@/api/applications'
import { ProblemError } from '@/api/problem'
import { fillText, isCode } from '@/api/reason-text'
import { useWords } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { languages, useTranslation } from '@/i18n'
import { useKeys } from '@/ui/keys'
import { MerchantText } from '@/ui/merchant-text'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import { candidates, nameOf, ReasonList } from './reason-list'
import { useAllowLateReason, useRaiseReason } from './review.api'
import styles from './reason-picker.module.css'

interface Props {
  application: Application
  item: ItemView
  /** The place in the list that a digit key chose. */
  preset?: number | undefined
  onDone: () => void
  onSee: () => void
}

/**
 * Raises one reason on one item: what is wrong, what the merchant will read,
 * and, apart from it, what stays in the house.
 */
export function ReasonPicker({ application, item, preset, onDone, onSee }: Props) {
  const { t } = useTranslation('staff')
  const { t: shell } = useTranslation()
  const words = useWords()
  const reader = useIdentity()
  const suggested = application.findings.filter((f) => f.item === item.key).flatMap((f) => f.suggests ?? [])
  const list = candidates(
    words.reasons,
    item.key,
    Boolean(item.value ?? item.document) || item.class === 'site',
    suggested,
  )
  const [chosen, setChosen] = useState(() => {
    const entry = preset === undefined ? undefined : list[preset]
    return entry ? nameOf(entry) : undefined
  })
  const [note, setNote] = useState('')
  const [internal, setInternal] = useState('')
  // The caller names the reason, so that a lost answer can be asked again.
  const [reason] = useState(() => crypto.randomUUID())
  const raise = useRaiseReason(application)
  // A code is no word for anybody; the server leaves it out of the text as well.
  const known = isCode(item.key) ? undefined : item.value
  const entry = list.find((each) => nameOf(each) === chosen)
  const late = raise.error instanceof ProblemError && raise.error.code === 'late-reason'
  const submit = () => {
    if (!entry || raise.isPending) return
    perform(
      raise,
      {
        reason,
        code: entry.code,
        target: item.key,
        ...(entry.sub && { sub: entry.sub }),
        ...(note.trim() && { note: note.trim() }),
        ...(internal.trim() && { internal: internal.trim() }),
      },
      onDone,
    )
  }
  // While a reason is being written, the keys of the decision belong to it.
  useKeys([{ keys: '$mod+Enter', label: t('reasons.raise'), group: shell('keys.case'), run: submit }])

  return (
    <div
      className={styles.picker}
      role="group"
      aria-label={t('reasons.on', { item: words.item(item.key) })}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onDone()
      }}
    >
      <ReasonList item={item} entries={list} suggested={suggested} chosen={chosen} onChoose={setChosen} />
      {entry && (
        <>
          <div className={styles.preview}>
            <p className={styles.heading}>
              {t('reasons.preview', { language: languages[application.language] })}
            </p>
            <MerchantText
              text={fillText(entry.text[application.language], {
                item: words.inline(item.key, application.language),
                value: known,
              })}
              note={note}
              language={application.language}
            />
          </div>
          <p className={styles.house}>
            <strong>{t('reasons.guidance')}</strong>{' '}
            {
              fillText(
                { title: '', what: words.pick(entry.internal), fix: '' },
                { item: words.inline(item.key, words.language), value: known },
              ).what
            }
          </p>
          <label className={styles.field}>
            <span>{t('reasons.note', { language: languages[application.language] })}</span>
            <Input.TextArea
              rows={2}
              {...atMost(2000)}
              value={note}
              autoFocus={preset !== undefined}
              placeholder={t('reasons.notePlaceholder')}
              onChange={(event) => {
                setNote(event.target.value)
              }}
            />
          </label>
          <label className={styles.field}>
            <span>{t('reasons.internal')}</span>
            <Input.TextArea
              rows={1}
              className="growing"
              {...atMost(2000)}
              value={internal}
              onChange={(event) => {
                setInternal(event.target.value)
              }}
            />
          </label>
        </>
      )}
      <ProblemNotice error={raise.error} onSee={onSee} />
      {late &&
        (reader?.role === 'lead' ? (
          <AllowLate
            application={application}
            item={item}
            onDone={() => {
              raise.reset()
            }}
          />
        ) : (
          <Alert type="info" title={t('reasons.askLead')} />
        ))}
      <div className={styles.buttons}>
        <Button type="primary" disabled={!entry} loading={raise.isPending && { delay: 300 }} onClick={submit}>
          {t('reasons.raise')}
        </Button>
        <Button onClick={onDone}>{t('reasons.cancel')}</Button>
      </div>
    </div>
  )
}

function AllowLate({
  application,
  item,
  onDone,
}: {
  application: Application
  item: ItemView
  onDone: () => void
}) {
  const { t } = useTranslation('staff')
  const [why, setWhy] = useState('')
  const allow = useAllowLateReason(application)
  return (
    <div className={styles.late}>
      <label className={styles.field}>
        <span>{t('reasons.lateWhy')}</span>
        <Input
          value={why}
          {...atMost(1000)}
          onChange={(event) => {
            setWhy(event.target.value)
          }}
        />
      </label>
      <ProblemNotice error={allow.error} />
      <Button
        disabled={why.trim() === ''}
        loading={allow.isPending && { delay: 300 }}
        onClick={() => {
          perform(allow, { item: item.key, why: why.trim() }, onDone)
        }}
      >
        {t('reasons.allowLate')}
      </Button>
    </div>
  )
}
