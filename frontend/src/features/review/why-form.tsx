import { Button, Input } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from '@/i18n'
import { atMost } from '@/ui/text'
import styles from './why-form.module.css'

interface Props {
  label: string
  button: string
  busy: boolean
  danger?: boolean
  onSubmit: (why: string) => void
  onCancel: () => void
}

/** Asks for the reason that goes with an act, and then does it. */
export function WhyForm({ label, button, busy, danger = false, onSubmit, onCancel }: Props) {
  const { t } = useTranslation('staff')
  const id = useId()
  const [why, setWhy] = useState('')
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (why.trim()) onSubmit(why.trim())
      }}
    >
      <label htmlFor={id}>{label}</label>
      <Input.TextArea
        id={id}
        rows={2}
        {...atMost(1000)}
        value={why}
        autoFocus
        onChange={(event) => {
          setWhy(event.target.value)
        }}
      />
      <div className={styles.buttons}>
        <Button
          htmlType="submit"
          danger={danger}
          disabled={why.trim() === ''}
          loading={busy && { delay: 300 }}
        >
          {button}
        </Button>
        <Button type="text" onClick={onCancel}>
          {t('why.cancel')}
        </Button>
      </div>
    </form>
  )
}
