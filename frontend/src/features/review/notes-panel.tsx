import { Button, Input } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import type { Application } from '@/api/applications'
import { usePersonName } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { PersonText } from '@/ui/person-text'
import { atMost } from '@/ui/text'
import { Panel } from './panel'
import styles from './notes-panel.module.css'
import { useAddNote } from './review.api'

/** Remarks among colleagues; the merchant never sees them. */
export function NotesPanel({ application }: { application: Application }) {
  const { t } = useTranslation('staff')
  const name = usePersonName()
  const format = useFormats()
  const add = useAddNote(application)
  const [text, setText] = useState('')
  const [note, setNote] = useState(() => crypto.randomUUID())
  return (
    <Panel title={t('notes.title')}>
      {application.notes.length > 0 && (
        <ul className={styles.list}>
          {application.notes.toReversed().map((each) => (
            <li key={each.id}>
              <p className={styles.text}>
                <PersonText>{each.text}</PersonText>
              </p>
              <p className={styles.meta}>
                {name(each.by)} · {format.moment(each.at)}
              </p>
            </li>
          ))}
        </ul>
      )}
      <Input.TextArea
        aria-label={t('notes.text')}
        placeholder={t('notes.placeholder')}
        rows={1}
        className="growing"
        {...atMost(4000)}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
        }}
      />
      <ProblemNotice error={add.error} />
      {text.trim() !== '' && (
        <Button
          loading={add.isPending && { delay: 300 }}
          onClick={() => {
            perform(add, { note, text: text.trim() }, () => {
              setText('')
              setNote(crypto.randomUUID())
            })
          }}
        >
          {t('notes.add')}
        </Button>
      )}
    </Panel>
  )
}
