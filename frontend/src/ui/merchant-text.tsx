import type { Schemas } from '@/api/client'
import { PersonText } from './person-text'
import styles from './merchant-text.module.css'

interface Props {
  text: Schemas['ReasonText']
  note?: string | undefined
  language: string
}

/** One reason exactly as the merchant reads it: what, what was seen, what to do. */
export function MerchantText({ text, note, language }: Props) {
  return (
    <div lang={language} className={styles.text}>
      <p className={styles.title}>{text.title}</p>
      <p>{text.what}</p>
      <p className={styles.fix}>{text.fix}</p>
      {text.by && <p className={styles.fix}>{text.by}</p>}
      {note && (
        <blockquote className={styles.note}>
          <PersonText>{note}</PersonText>
        </blockquote>
      )}
    </div>
  )
}
