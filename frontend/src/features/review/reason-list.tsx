import { Radio } from 'antd'
import type { ItemView } from '@/api/applications'
import { fillText, isCode } from '@/api/reason-text'
import { useWords, type ReasonEntry } from '@/api/reference'
import { useTranslation } from '@/i18n'
import styles from './reason-picker.module.css'

export const nameOf = (entry: Pick<ReasonEntry, 'code' | 'sub'>) =>
  entry.sub ? `${entry.code}/${entry.sub}` : entry.code

/**
 * The reasons that can be raised on an item, likeliest first: what the machine
 * suspects, then what fits, and "missing" at the top or at the end, depending on
 * whether anything is there.
 */
export function candidates(
  entries: readonly ReasonEntry[],
  item: string,
  there: boolean,
  suggested: readonly string[],
): ReasonEntry[] {
  const rank = (entry: ReasonEntry) => {
    if (suggested.includes(nameOf(entry))) return 0
    if (entry.code !== 'R01') return 2
    return there ? 3 : 1
  }
  return entries.filter((entry) => entry.targets.includes(item)).sort((a, b) => rank(a) - rank(b))
}

interface Props {
  item: ItemView
  entries: readonly ReasonEntry[]
  /** What the machine suspects. */
  suggested: readonly string[]
  chosen: string | undefined
  onChoose: (name: string) => void
}

/** The reasons to choose from, with the digit that chooses each. */
export function ReasonList({ item, entries, suggested, chosen, onChoose }: Props) {
  const { t } = useTranslation('staff')
  const words = useWords()
  return (
    <>
      <Radio.Group
        className={styles.list}
        value={chosen}
        onChange={(event) => {
          onChoose(event.target.value as string)
        }}
        aria-label={t('reasons.which')}
      >
        {entries.map((each, index) => (
          <Radio key={nameOf(each)} value={nameOf(each)} className={styles.option}>
            <span className={styles.code}>{each.code}</span>
            <span>
              {
                fillText(each.text[words.language], {
                  item: words.inline(item.key, words.language),
                  // A code is no word for anybody; the server leaves it out of the text as well.
                  value: isCode(item.key) ? undefined : item.value,
                }).title
              }
              {suggested.includes(nameOf(each)) && (
                <em className={styles.suggested}>{t('reasons.suggested')}</em>
              )}
            </span>
            {index < 9 && <kbd className={styles.digit}>{index + 1}</kbd>}
          </Radio>
        ))}
      </Radio.Group>
      {entries.length === 0 && <p className="muted">{t('reasons.none')}</p>}
    </>
  )
}
