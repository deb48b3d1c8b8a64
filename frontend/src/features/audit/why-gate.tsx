import { Alert, Button, Input } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from '@/i18n'
import { Page } from '@/ui/page'
import { atMost } from '@/ui/text'
import styles from './why-gate.module.css'

// The shortest reason that can say anything; the server bounds it from above.
const shortest = 5

/**
 * Stands before an application whose merchant asked for erasure. Nothing of it is
 * shown, or even asked for, before a reason was given.
 */
export function WhyGate({ onState }: { onState: (why: string) => void }) {
  const { t } = useTranslation('audit')
  const id = useId()
  const [why, setWhy] = useState('')
  const stated = why.trim().length >= shortest
  return (
    <Page width="narrow" title={t('why.title')} lead={t('why.lead')}>
      <form
        className={`sheet ${styles.form}`}
        onSubmit={(event) => {
          event.preventDefault()
          if (stated) onState(why.trim())
        }}
      >
        <Alert type="warning" showIcon title={t('why.recorded')} description={t('why.recordedBody')} />
        <label htmlFor={id}>{t('why.label')}</label>
        <Input.TextArea
          id={id}
          rows={3}
          {...atMost(500)}
          showCount
          autoFocus
          value={why}
          placeholder={t('why.placeholder')}
          aria-describedby={`${id}-help`}
          onChange={(event) => {
            setWhy(event.target.value)
          }}
        />
        <p id={`${id}-help`} className="muted">
          {t('why.help')}
        </p>
        <Button type="primary" htmlType="submit" disabled={!stated}>
          {t('why.open')}
        </Button>
      </form>
    </Page>
  )
}
