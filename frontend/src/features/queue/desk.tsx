import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Switch } from 'antd'
import { useId } from 'react'
import { api, body } from '@/api/client'
import { languages, useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import styles from './desk.module.css'
import { deskQuery } from './queue.api'

/** How much the reader holds, what she is handed, and whether she is away. */
export function Desk() {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  const queries = useQueryClient()
  const id = useId()
  const desk = useQuery(deskQuery)
  const leave = useMutation({
    networkMode: 'always',
    mutationFn: async (away: boolean) =>
      body(away ? await api.PUT('/v1/me/leave', { body: {} }) : await api.DELETE('/v1/me/leave')),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: deskQuery.queryKey }),
        queries.invalidateQueries({ queryKey: ['people'] }),
      ]),
  })
  const { data } = desk
  if (!data) return <ProblemNotice error={desk.error} onSee={() => void desk.refetch()} />
  const skills = [
    ...data.languages.map((language) => languages[language]),
    ...data.products.map((product) => terms(`products.${product}`)),
  ]
  return (
    <section className={styles.desk} aria-label={t('desk.title')}>
      <p className={styles.held} title={t('desk.heldHelp')}>
        <span>{t('desk.held', { n: format.number(data.open), most: format.number(data.most) })}</span>
        <span className={styles.gauge} aria-hidden="true">
          <span style={{ inlineSize: `${Math.min(1, data.open / data.most) * 100}%` }} />
        </span>
      </p>
      <p className={styles.skills}>
        <span className="muted">{t('desk.skills')}: </span>
        {skills.length > 0 ? format.list(skills) : t('desk.all')}
      </p>
      <div className={styles.away} title={t('desk.awayHelp')}>
        <label htmlFor={id}>
          {t('desk.away')}
          {data.away_until && (
            <span className="muted"> {t('desk.awayUntil', { when: format.day(data.away_until) })}</span>
          )}
        </label>
        <Switch
          id={id}
          size="small"
          checked={data.away}
          loading={leave.isPending}
          onChange={(away) => {
            leave.mutate(away)
          }}
        />
      </div>
      <ProblemNotice error={leave.error} />
    </section>
  )
}
