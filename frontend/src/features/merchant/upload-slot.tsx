import { DeleteOutlined, FileImageOutlined, UploadOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import i18next from 'i18next'
import { useEffect, useId, useRef, useState } from 'react'
import type { Schemas } from '@/api/client'
import { loadPage } from '@/api/documents'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice, useFindingText } from '@/ui/problem-notice'
import { useRemoveDocument, useUpload } from './merchant.api'
import styles from './upload-slot.module.css'

interface Props {
  application: string
  slot: string
  document: Schemas['Document'] | undefined
  required: boolean
  locked: boolean
  waived?: string | undefined
  findings: readonly Schemas['Finding'][]
}

const types = ['image/jpeg', 'image/png', 'application/pdf']
const largest = 10 * 1024 * 1024

/** One document slot: what belongs here, what lies here, and a way to change it. */
export function UploadSlot({ application, slot, document, required, locked, waived, findings }: Props) {
  const { t } = useTranslation('merchant')
  const words = useWords()
  const format = useFormats()
  const say = useFindingText()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const upload = useUpload(application)
  const remove = useRemoveDocument(application)
  const [refusal, setRefusal] = useState<string>()
  const [over, setOver] = useState(false)
  const label = words.item(slot)
  const help = i18next.exists(`merchant:slotHelp.${slot}`)
    ? t(`slotHelp.${slot}` as 'slotHelp.business_licence')
    : undefined

  const take = (file: File | undefined) => {
    if (!file) return
    setRefusal(undefined)
    if (file.type && !types.includes(file.type)) setRefusal(t('upload.wrongType'))
    else if (file.size > largest) setRefusal(t('upload.tooLarge', { size: format.bytes(file.size) }))
    else upload.mutate({ slot, file })
    if (input.current) input.current.value = ''
  }

  return (
    <div
      id={`field-${slot}`}
      className={`${styles.slot} ${over ? styles.over : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(!locked)
      }}
      onDragLeave={() => {
        setOver(false)
      }}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        if (!locked) take(event.dataTransfer.files[0])
      }}
    >
      <div className={styles.picture}>
        {document ? (
          <Thumbnail application={application} document={document} label={label} />
        ) : (
          <FileImageOutlined aria-hidden />
        )}
      </div>
      <div className={styles.text}>
        <h3>
          {label}
          {!required && <span className="muted"> {t('form.optional')}</span>}
        </h3>
        {waived ? <p className={styles.waived}>{waived}</p> : help && <p className="muted">{help}</p>}
        {document && (
          <p className={styles.facts}>
            {t('upload.there', {
              type: document.type.replace(/^.*\//, '').toUpperCase(),
              size: format.bytes(document.size),
            })}
          </p>
        )}
        {findings
          .filter((finding) => document && finding.severity !== 'hint')
          .map((finding) => (
            <p key={finding.code} className={finding.severity === 'block' ? styles.problem : styles.warning}>
              {say(finding)}
            </p>
          ))}
        {refusal && (
          <p role="alert" className={styles.problem}>
            {refusal}
          </p>
        )}
        <ProblemNotice error={upload.error ?? remove.error} />
      </div>
      {!locked && (
        <div className={styles.buttons}>
          <input
            ref={input}
            id={id}
            type="file"
            hidden
            accept={types.join(',')}
            aria-label={t('upload.file', { label })}
            onChange={(event) => {
              take(event.target.files?.[0])
            }}
          />
          <Button
            icon={<UploadOutlined />}
            loading={upload.isPending && { delay: 300 }}
            aria-label={document ? t('upload.replaceOne', { label }) : t('upload.chooseOne', { label })}
            onClick={() => {
              input.current?.click()
            }}
          >
            {document ? t('upload.replace') : t('upload.choose')}
          </Button>
          {document && (
            <Button
              type="text"
              icon={<DeleteOutlined />}
              aria-label={t('upload.remove', { label })}
              loading={remove.isPending && { delay: 300 }}
              onClick={() => {
                remove.mutate({ slot })
              }}
            />
          )}
        </div>
      )}
    </div>
  )
}

function Thumbnail({
  application,
  document,
  label,
}: {
  application: string
  document: Schemas['Document']
  label: string
}) {
  const [loaded, setLoaded] = useState<{ id: string; url: string }>()
  const { id } = document
  useEffect(() => {
    let current = true
    loadPage({ application, document: id, page: 1, size: 'thumbnail' }).then(
      (url) => {
        if (current) setLoaded({ id, url })
      },
      () => undefined,
    )
    return () => {
      current = false
    }
  }, [application, id])
  return loaded?.id === id ? <img src={loaded.url} alt={label} /> : <FileImageOutlined aria-hidden />
}
