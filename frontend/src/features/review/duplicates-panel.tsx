import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '@/api/client'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import { StatusTag } from '@/ui/status-tag'
import styles from './duplicates-panel.module.css'
import { Panel } from './panel'
import { duplicatesQuery } from './review.api'

type Duplicate = Schemas['Duplicate']

/** Other applications with the same numbers, contacts or papers. Merchants are never told. */
export function DuplicatesPanel({ id }: { id: string }) {
  const { t } = useTranslation('staff')
  const { data, error, refetch } = useQuery(duplicatesQuery(id))
  // That there may be more is told also where none was found.
  if (!error && !data?.matches.length && !data?.more) return null
  const hints = data?.matches.filter((match) => match.relation === 'other') ?? []
  const plain = data?.matches.filter((match) => match.relation !== 'other') ?? []
  return (
    <Panel title={t('duplicates.title')}>
      <ProblemNotice error={error} onSee={() => void refetch()} />
      {hints.length > 0 && (
        <>
          <p className={styles.lead}>{t('duplicates.hint')}</p>
          <Matches matches={hints} />
        </>
      )}
      {plain.length > 0 && (
        <>
          <p className={styles.lead}>{t('duplicates.plain')}</p>
          <Matches matches={plain} />
        </>
      )}
      {data?.more && <p className={styles.meta}>{t('duplicates.more')}</p>}
    </Panel>
  )
}

function Matches({ matches }: { matches: readonly Duplicate[] }) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const say = (shared: Schemas['SharedItem']) =>
    t(`duplicates.kinds.${shared.kind}`, {
      item:
        shared.item === shared.with
          ? words.item(shared.item)
          : t('duplicates.across', { item: words.item(shared.item), with: words.item(shared.with) }),
    })
  return (
    <ul className={styles.list}>
      {matches.map((match) => (
        <li key={match.application}>
          <div className={styles.head}>
            <Link to="/cases/$id" params={{ id: match.application }}>
              {match.name}
            </Link>
            <StatusTag tone={match.relation === 'other' ? 'warn' : 'calm'}>
              {t(`duplicates.relations.${match.relation}`)}
            </StatusTag>
          </div>
          <p className={styles.meta}>
            {match.merchant_number} · {terms(`stages.${match.stage}`)}
          </p>
          <ul className={styles.shared}>
            {match.shared.map((shared) => (
              <li key={`${shared.item} ${shared.with} ${shared.kind}`}>{say(shared)}</li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  )
}
