import { InfoCircleOutlined } from '@ant-design/icons'
import { useRefusalText } from '@/ui/problem-notice'
import styles from './hindrance.module.css'

/** Says, beside a button that is off, what is missing for it to work. */
export function Hindrance({ why }: { why: { code: string; detail?: string } | undefined }) {
  const text = useRefusalText()
  if (!why) return null
  return (
    <p className={styles.line}>
      <InfoCircleOutlined aria-hidden /> {text(why.code, why.detail)}
    </p>
  )
}
