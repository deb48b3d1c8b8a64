import { useMutation, useQuery } from '@tanstack/react-query'
import { Alert, Button, Select } from 'antd'
import type { Row } from '@/api/applications'
import { useActKey } from '@/api/act-key'
import { api, body, noteWrite, type Schemas } from '@/api/client'
import { peopleQuery } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice, useRefusalText } from '@/ui/problem-notice'
import styles from './bulk-bar.module.css'

/** How many applications one request may name. */
export const mostAtOnce = 200

type Act = Omit<Schemas['Bulk'], 'applications'>

interface Props {
  rows: readonly Row[]
  chosen: ReadonlySet<string>
  onChoose: (ids: ReadonlySet<string>) => void
  /** Shows what the act changed. */
  onDone: () => Promise<void>
}

/** What a lead does to several applications at once. Each is decided on its own. */
export function BulkBar({ rows, chosen, onChoose, onDone }: Props) {
  const { t } = useTranslation('staff')
  const format = useFormats()
  const people = useQuery(peopleQuery)
  const keyOf = useActKey()
  const act = useMutation({
    networkMode: 'always',
    mutationFn: async (what: Act) => {
      const request = { ...what, applications: [...chosen].slice(0, mostAtOnce) }
      const answer = await api.POST('/v1/bulk', {
        params: { header: { 'Idempotency-Key': keyOf([request, rows.map((row) => row.revision)]) } },
        body: request,
      })
      const { results } = body(answer)
      noteWrite(answer.response)
      return results
    },
    onSuccess: async (results) => {
      onChoose(new Set(results.filter(({ done }) => !done).map(({ id }) => id)))
      await onDone()
    },
  })
  const failed = act.data?.filter(({ done }) => !done) ?? []
  const done = (act.data?.length ?? 0) - failed.length
  if (chosen.size === 0 && !act.data && !act.error) return null
  return (
    <section className={styles.bar} aria-label={t('bulk.bar')}>
      {chosen.size > 0 && (
        <div className={styles.acts}>
          <strong>
            {t('bulk.chosen', { count: chosen.size, n: format.number(chosen.size) })}
            {chosen.size > mostAtOnce && (
              <span className="muted"> ({t('bulk.most', { n: format.number(mostAtOnce) })})</span>
            )}
          </strong>
          <Select
            showSearch={{ optionFilterProp: 'label' }}
            className={styles.select}
            value={null}
            placeholder={t('bulk.assign')}
            aria-label={t('bulk.assign')}
            disabled={act.isPending}
            onChange={(to: string | null) => {
              if (to) act.mutate({ act: 'assign', to })
            }}
            options={people.data?.people
              .filter(({ role }) => role === 'reviewer' || role === 'lead')
              .map(({ id, name, away }) => ({
                value: id,
                label: away ? t('lead.isAway', { name }) : name,
                disabled: away ?? false,
              }))}
          />
          <Select
            className={styles.select}
            value={null}
            placeholder={t('bulk.priority')}
            aria-label={t('bulk.priority')}
            disabled={act.isPending}
            onChange={(priority: number | null) => {
              if (priority !== null) act.mutate({ act: 'prioritise', priority })
            }}
            options={[9, 5, 3, 1, 0, -1, -5].map((value) => ({
              value,
              label:
                value > 0
                  ? t('bulk.priorities.up', { n: format.number(value) })
                  : value < 0
                    ? t('bulk.priorities.down', { n: format.number(value) })
                    : t('bulk.priorities.usual'),
            }))}
          />
          <Button
            loading={act.isPending && { delay: 300 }}
            onClick={() => {
              act.mutate({ act: 'release' })
            }}
          >
            {t('bulk.release')}
          </Button>
          <Button
            type="text"
            onClick={() => {
              onChoose(new Set())
              act.reset()
            }}
          >
            {t('bulk.clear')}
          </Button>
        </div>
      )}
      <ProblemNotice error={act.error} />
      {act.data && (
        <Alert
          role="status"
          showIcon
          type={failed.length > 0 ? 'warning' : 'success'}
          closable={{
            onClose: () => {
              act.reset()
            },
          }}
          title={[
            t('bulk.done', { count: done, n: format.number(done) }),
            ...(failed.length > 0
              ? [t('bulk.failed', { count: failed.length, n: format.number(failed.length) })]
              : []),
          ].join(' ')}
          {...(failed.length > 0 && { description: <Failed results={failed} rows={rows} /> })}
        />
      )}
    </section>
  )
}

function Failed({ results, rows }: { results: Schemas['BulkResult'][]; rows: readonly Row[] }) {
  const text = useRefusalText()
  return (
    <ul className={styles.failed}>
      {results.map(({ id, code, detail }) => {
        const row = rows.find((each) => each.id === id)
        return (
          <li key={id}>
            <strong>{row?.name || row?.merchant_number || id.slice(0, 8)}</strong> {text(code ?? '', detail)}
          </li>
        )
      })}
    </ul>
  )
}
