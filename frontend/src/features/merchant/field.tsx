import { CheckCircleFilled } from '@ant-design/icons'
import { Checkbox, Input, Select } from 'antd'
import i18next from 'i18next'
import { useEffect, useId, useRef, useState } from 'react'
import { useWords } from '@/api/reference'
import type { Schemas } from '@/api/client'
import { useTranslation } from '@/i18n'
import { useFindingText } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import styles from './field.module.css'

interface Props {
  item: string
  value: string
  required: boolean
  locked: boolean
  findings: readonly Schemas['Finding'][]
  /** The last change of this field was recorded. */
  saved: boolean
  /** Why the server refused the last change. */
  refusal?: string | undefined
  onSave: (value: string) => void
}

const identityTypes = [
  'resident_id',
  'residence_permit',
  'permanent_residence',
  'passport',
  'travel_permit',
] as const
const figures = /number|branch|code|mobile|phone|icp/

const autoComplete: Record<string, string> = {
  'contact.name': 'name',
  'contact.mobile': 'tel',
  'contact.email': 'email',
  'contact.address': 'street-address',
}

/** One field of the form. It is saved when one leaves it, and says so. */
export function Field({ item, value, required, locked, findings, saved, refusal, onSave }: Props) {
  const { t } = useTranslation('merchant')
  const words = useWords()
  const say = useFindingText()
  const id = useId()
  const [text, setText] = useState(value)
  const [touched, setTouched] = useState(false)
  const mounted = useRef(value)
  useEffect(() => {
    // What the server wrote down (the canonical form) replaces what was typed.
    if (mounted.current !== value) setText(value)
    mounted.current = value
  }, [value])
  const worst = findings.find((f) => f.severity === 'block') ?? findings.find((f) => f.severity === 'warn')
  const complains = worst !== undefined && (value !== '' || touched)
  const problem = refusal ?? (complains ? say(worst) : undefined)
  const help = i18next.exists(`merchant:fieldHelp.${item}`)
    ? t(`fieldHelp.${item}` as 'fieldHelp.identity.number')
    : undefined
  const save = (next: string) => {
    setTouched(true)
    if (next !== value) onSave(next)
  }
  const described = [help && `${id}-help`, problem && `${id}-problem`].filter(Boolean).join(' ')
  const common = {
    id,
    disabled: locked,
    'aria-describedby': described || undefined,
    'aria-invalid': problem !== undefined,
    'aria-required': required,
    ...(problem && {
      status:
        refusal !== undefined || worst?.severity === 'block' ? ('error' as const) : ('warning' as const),
    }),
  }
  return (
    <div className={styles.field} id={`field-${item}`}>
      <label htmlFor={id} className={styles.label}>
        {words.item(item)}
        {!required && <span className="muted"> {t('form.optional')}</span>}
        {saved && !problem && (
          <span className={styles.saved} role="status">
            <CheckCircleFilled aria-hidden /> {t('form.saved')}
          </span>
        )}
      </label>
      {control()}
      {help && (
        <p id={`${id}-help`} className={styles.help}>
          {help}
        </p>
      )}
      {problem && (
        <p
          id={`${id}-problem`}
          className={worst?.severity === 'warn' && !refusal ? styles.warning : styles.problem}
        >
          {problem}
        </p>
      )}
    </div>
  )

  function control() {
    if (item === 'identity.type') {
      return (
        <Select
          {...common}
          {...(text && { value: text })}
          onChange={save}
          options={identityTypes.map((type) => ({ value: type, label: t(`identityTypes.${type}`) }))}
        />
      )
    }
    if (item === 'bank.code') {
      return (
        <Select
          {...common}
          showSearch={{ optionFilterProp: 'label' }}
          {...(text && { value: text })}
          onChange={save}
          options={
            words.reference?.banks.map((bank) => ({ value: bank.code, label: words.pick(bank.label) })) ?? []
          }
        />
      )
    }
    if (item === 'identity.valid_from' || item === 'identity.valid_to') {
      const forever = text === 'long-term'
      return (
        <span className={styles.date}>
          <Input
            {...common}
            type="date"
            disabled={locked || forever}
            value={forever ? '' : text}
            onChange={(event) => {
              setText(event.target.value)
            }}
            onBlur={() => {
              save(text)
            }}
          />
          {item === 'identity.valid_to' && (
            <Checkbox
              disabled={locked}
              checked={forever}
              onChange={(event) => {
                const next = event.target.checked ? 'long-term' : ''
                setText(next)
                save(next)
              }}
            >
              {t('form.longTerm')}
            </Checkbox>
          )}
        </span>
      )
    }
    return (
      <Input
        {...common}
        value={text}
        {...atMost(500)}
        className={figures.test(item) ? 'mono' : ''}
        autoComplete={autoComplete[item] ?? 'off'}
        inputMode={item === 'contact.email' ? 'email' : /mobile|phone/.test(item) ? 'tel' : 'text'}
        onChange={(event) => {
          setText(event.target.value)
        }}
        onBlur={() => {
          save(text.trim())
        }}
      />
    )
  }
}
