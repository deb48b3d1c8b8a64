import type { ItemView } from '@/api/applications'
import type { Schemas } from '@/api/client'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { MaskedValue } from '@/ui/masked-value'
import { useFindingText } from '@/ui/problem-notice'
import { StatusTag } from '@/ui/status-tag'
import { PersonText } from '@/ui/person-text'
import styles from './item-row.module.css'

const severityTones = { block: 'bad', warn: 'warn', hint: 'calm' } as const

// Values that a reader compares sign by sign are set in a fixed width.
const exact = /number|org_code|branch|valid_/

interface Props {
  item: ItemView
  findings: readonly Schemas['Finding'][]
  shownInViewer: boolean
  onActivate: () => void
  /** Asks for the clear value of a personal item; the look is recorded. */
  reveal: () => Promise<string>
}

/** What an item holds, what it held before, and what the machine noticed. */
export function ItemFacts({ item, findings, shownInViewer, onActivate, reveal }: Props) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const format = useFormats()
  const say = useFindingText()
  const label = words.item(item.key)
  const [before] = item.previous ?? []
  return (
    <>
      <div className={styles.label}>
        {label}
        {item.waived && <span className={styles.waived}> · {words.pick(item.waived)}</span>}
      </div>
      <div className={styles.value}>
        {item.class === 'document' ? (
          item.document ? (
            <button
              type="button"
              className={styles.document}
              aria-pressed={shownInViewer}
              onClick={onActivate}
            >
              {t('items.file', {
                type: item.document.type.replace(/^.*\//, '').toUpperCase(),
                size: format.bytes(item.document.size),
              })}
              {item.document.redacted && <StatusTag tone="warn">{t('items.redacted')}</StatusTag>}
            </button>
          ) : (
            <span className="muted">{t('items.nothing')}</span>
          )
        ) : item.value ? (
          <MaskedValue
            label={label}
            masked={words.value(item.key, item.value)}
            mono={exact.test(item.key)}
            reveal={item.personal ? reveal : undefined}
          />
        ) : (
          <span className="muted">{item.class === 'site' ? t('items.onSite') : t('items.nothing')}</span>
        )}
      </div>
      {before && (
        <div className={styles.before}>
          {t('items.before', { round: before.round })}{' '}
          <del>
            <PersonText>
              {before.value ?? (before.document ? t('items.otherFile') : t('items.nothing'))}
            </PersonText>
          </del>
        </div>
      )}
      {item.statement && (
        <blockquote className={styles.statement}>
          <PersonText>{item.statement}</PersonText>
        </blockquote>
      )}
      {findings
        .filter((finding) => finding.item === item.key)
        .map((finding) => (
          <div key={`${finding.code}${finding.detail}`} className={styles.finding}>
            <StatusTag tone={severityTones[finding.severity]}>
              {terms(`severities.${finding.severity}`)}
            </StatusTag>
            <span>{say(finding)}</span>
          </div>
        ))}
    </>
  )
}
