import { Alert, Button } from 'antd'
import i18next from 'i18next'
import type { Schemas } from '@/api/client'
import { isStale, ProblemError, unreachable, type Problem } from '@/api/problem'
import { usePersonName, useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import styles from './problem-notice.module.css'

type Change = NonNullable<Schemas['Problem']['changes']>[number]

/** A refusal in the reader's language, or in the server's words where we have none. */
export function useRefusalText(): (code: string, detail: string | undefined) => string {
  useTranslation('terms')
  return (code, detail) => {
    for (const key of [`terms:refusals.${code}`, `terms:findings.${code}`]) {
      if (i18next.exists(key)) return i18next.t(key as never)
    }
    return detail ?? code
  }
}

/** What was noticed about an item, in the reader's language. */
export function useFindingText(): (finding: Pick<Schemas['Finding'], 'code' | 'detail'>) => string {
  useTranslation('terms')
  return ({ code, detail }) => {
    const key = `terms:findings.${code}`
    return i18next.exists(key) ? i18next.t(key as never) : detail
  }
}

interface Props {
  error: unknown
  /** Loads the present state, for "someone changed this: see what". */
  onSee?: (() => void) | undefined
}

/** Why a request was refused, beside the button that was pressed. */
export function ProblemNotice({ error, onSee }: Props) {
  const { t } = useTranslation()
  const words = useWords()
  const text = useRefusalText()
  if (!error) return null
  if (isStale(error)) return <Stale problem={error.problem} onSee={onSee} />
  const problem: Problem =
    error instanceof ProblemError ? error.problem : { title: '', status: 0, code: unreachable }
  return (
    <Alert
      type={problem.status === 0 || problem.status >= 500 ? 'warning' : 'error'}
      showIcon
      role="alert"
      title={text(problem.code, problem.detail ?? problem.title)}
      description={
        problem.errors && problem.errors.length > 0 ? (
          <ul className={styles.list}>
            {problem.errors.map((each, index) => (
              <li key={index}>
                {each.item && <strong>{words.item(each.item)}</strong>}
                {each.code !== problem.code && ` ${text(each.code, each.detail)}`}
              </li>
            ))}
          </ul>
        ) : undefined
      }
      action={
        problem.status === 0 && onSee ? (
          <Button size="small" onClick={onSee}>
            {t('problem.reload')}
          </Button>
        ) : undefined
      }
    />
  )
}

function Stale({ problem, onSee }: { problem: Problem; onSee: (() => void) | undefined }) {
  const { t } = useTranslation()
  const { t: terms } = useTranslation('terms')
  const name = usePersonName()
  const format = useFormats()
  const changes = (problem.changes ?? []) as Change[]
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title={t('problem.stale')}
      description={
        changes.length > 0 ? (
          <ul className={styles.list}>
            {changes.map((change) => (
              <li key={change.revision}>
                {t('problem.change', {
                  who: name(change.by),
                  what: terms(`events.${change.type}` as never, { defaultValue: change.type }),
                  when: format.time(change.at),
                })}
              </li>
            ))}
          </ul>
        ) : (
          t('problem.staleBody')
        )
      }
      action={
        onSee && (
          <Button size="small" onClick={onSee}>
            {t('problem.see')}
          </Button>
        )
      }
    />
  )
}
