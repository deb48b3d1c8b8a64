import { EyeInvisibleOutlined, EyeOutlined } from '@ant-design/icons'
import { Button, Tooltip } from 'antd'
import { useState } from 'react'
import { useTranslation } from '@/i18n'
import { PersonText } from './person-text'
import styles from './masked-value.module.css'

interface Props {
  /** What the value is, for the button's name: "ID number". */
  label: string
  masked: string
  /** Asks the server for the clear value, which records who looked. Left out where the reader may not. */
  reveal?: (() => Promise<string>) | undefined
  mono?: boolean
}

/**
 * A personal value, masked until somebody asks to see it. The clear value lives
 * in this component only and is gone when it leaves the page or is hidden.
 */
export function MaskedValue({ label, masked, reveal, mono = false }: Props) {
  const { t } = useTranslation()
  const [clear, setClear] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string>()

  async function toggle() {
    if (clear !== undefined || !reveal) {
      setClear(undefined)
      return
    }
    setBusy(true)
    setRefusal(undefined)
    try {
      setClear(await reveal())
    } catch (cause) {
      setRefusal(cause instanceof Error ? cause.message : String(cause))
    } finally {
      setBusy(false)
    }
  }

  return (
    <span className={styles.row}>
      <span className={mono ? 'mono' : undefined} aria-live="polite">
        <PersonText>{clear ?? masked}</PersonText>
      </span>
      {reveal && masked !== '' && (
        <Tooltip title={clear === undefined ? t('masked.recorded') : t('masked.hide')}>
          <Button
            type="text"
            size="small"
            loading={busy && { delay: 300 }}
            icon={clear === undefined ? <EyeOutlined /> : <EyeInvisibleOutlined />}
            aria-label={clear === undefined ? t('masked.reveal', { label }) : t('masked.hideOne', { label })}
            onClick={() => void toggle()}
          />
        </Tooltip>
      )}
      {refusal && (
        <span role="alert" className={styles.refusal}>
          {refusal}
        </span>
      )}
    </span>
  )
}
