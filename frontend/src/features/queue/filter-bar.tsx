import { CloseOutlined, DownOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Dropdown, Select } from 'antd'
import { lazy, Suspense, useMemo, useState } from 'react'
import { peopleQuery, useWords } from '@/api/reference'
import { languages, useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { choices, dueWithin, facets, type FacetName, type Filters, type QueueName } from './filters'
import styles from './filter-bar.module.css'
import { ViewsMenu } from './views-menu'

// The calendar is an eighth of the page's scripts, and seldom asked for.
const DuePicker = lazy(async () => {
  const picker = await import('./due-picker')
  return { default: picker.DuePicker }
})

// What is not picked from a short list is asked for beside the button.
type Asking = 'assignee' | 'agent' | 'due_before'

/** Adds filters and shows the ones in force as chips that can be removed. */
export function FilterBar({ queue, filters }: { queue: QueueName; filters: Filters }) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  const words = useWords()
  const navigate = useNavigate()
  const people = useQuery(peopleQuery)
  const [asking, setAsking] = useState<Asking>()

  const set = (change: Partial<Filters>) => {
    setAsking(undefined)
    void navigate({
      to: '/queue/$queue',
      params: { queue },
      search: Object.fromEntries(
        Object.entries({ ...filters, ...change }).filter(([, value]) => value !== undefined),
      ) as Filters,
    })
  }

  const facetText = (facet: FacetName, choice: string): string => {
    switch (facet) {
      case 'kind':
        return terms(`kinds.${choice as 'individual'}`)
      case 'product':
        return terms(`products.${choice as 'wechat'}`)
      case 'risk':
        return terms(`severities.${choice as 'warn'}`)
      case 'language':
        return languages[choice as 'en']
    }
  }
  const within = (hours: number) =>
    hours % 24 !== 0
      ? t('filters.hours', { count: hours, n: format.number(hours) })
      : t('filters.days', { count: hours / 24, n: format.number(hours / 24) })

  const { staff, agents } = useMemo(() => {
    const all = people.data?.people ?? []
    return {
      staff: all
        .filter(({ role }) => role === 'reviewer' || role === 'lead')
        .map(({ id, name }) => ({ value: id, label: name })),
      agents: [
        ...new Map(
          all.flatMap(({ organisation, name }) => (organisation ? [[organisation, name] as const] : [])),
        ),
      ].map(([value, label]) => ({ value, label })),
    }
  }, [people.data])
  const named = (options: { value: string; label: string }[], id: string) =>
    options.find(({ value }) => value === id)?.label ?? id.slice(0, 8)
  const codes = useMemo(() => [...new Set(words.reasons.map((reason) => reason.code))], [words.reasons])

  const chips: { key: keyof Filters; label: string; text: string }[] = facets.flatMap((facet) => {
    const choice = filters[facet]
    return choice === undefined
      ? []
      : [{ key: facet, label: t(`filters.${facet}`), text: facetText(facet, choice) }]
  })
  const add = (key: keyof Filters, label: string, text: string | undefined) => {
    if (text !== undefined) chips.push({ key, label, text })
  }
  const { assignee, agent, reason, round } = filters
  add(
    'assignee',
    t('filters.assignee'),
    assignee === 'none' || assignee === 'me'
      ? t(`filters.assignees.${assignee}`)
      : assignee && named(staff, assignee),
  )
  add('agent', t('filters.agent'), agent && named(agents, agent))
  add('reason', t('filters.reason'), reason)
  add('round', t('filters.round'), round === undefined ? undefined : format.number(round))
  add(
    'due_within',
    t('filters.due'),
    filters.due_within === undefined ? undefined : within(filters.due_within),
  )
  add(
    'due_before',
    t('filters.due'),
    filters.due_before && t('filters.before', { when: format.moment(filters.due_before) }),
  )

  const ask = (key: Asking) => ({
    key: `ask:${key}`,
    label: t(`filters.ask.${key}`),
    onClick: () => {
      setAsking(key)
    },
  })
  const one = (key: string, label: string, change: Partial<Filters>) => ({
    key,
    label,
    onClick: () => {
      set(change)
    },
  })
  const items = [
    ...facets.map((facet) => ({
      key: facet,
      label: t(`filters.${facet}`),
      children: choices[facet].map((choice) =>
        one(`${facet}:${choice}`, facetText(facet, choice), { [facet]: choice }),
      ),
    })),
    {
      key: 'assignee',
      label: t('filters.assignee'),
      children: [
        ...(['none', 'me'] as const).map((who) =>
          one(`assignee:${who}`, t(`filters.assignees.${who}`), { assignee: who }),
        ),
        ask('assignee'),
      ],
    },
    {
      key: 'due',
      label: t('filters.due'),
      children: [
        ...dueWithin.map((hours) =>
          one(`due:${hours}`, within(hours), { due_within: hours, due_before: undefined }),
        ),
        ask('due_before'),
      ],
    },
    {
      key: 'reason',
      label: t('filters.reason'),
      children: codes.map((code) =>
        one(`reason:${code}`, `${code} · ${words.reason(code)}`, { reason: code }),
      ),
    },
    {
      key: 'round',
      label: t('filters.round'),
      children: [1, 2, 3, 4, 5].map((n) => one(`round:${n}`, format.number(n), { round: n })),
    },
    ...(agents.length > 0 ? [ask('agent')] : []),
  ]
  const close = (open: boolean) => {
    if (!open) setAsking(undefined)
  }

  return (
    <div className={styles.bar}>
      <ViewsMenu queue={queue} filters={filters} />
      <Dropdown trigger={['click']} menu={{ items }}>
        <Button icon={<DownOutlined />} iconPlacement="end">
          {t('filters.add')}
        </Button>
      </Dropdown>
      {(asking === 'assignee' || asking === 'agent') && (
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          autoFocus
          defaultOpen
          className={styles.ask}
          aria-label={t(`filters.${asking}`)}
          placeholder={t(`filters.${asking}`)}
          options={asking === 'agent' ? agents : staff}
          onChange={(id: string) => {
            set({ [asking]: id })
          }}
          onOpenChange={close}
        />
      )}
      {asking === 'due_before' && (
        <Suspense>
          <DuePicker
            onPick={(moment) => {
              set({ due_before: moment, due_within: undefined })
            }}
            onOpenChange={close}
          />
        </Suspense>
      )}
      {chips.map((chip) => (
        <span key={chip.key} className={styles.chip}>
          <span>
            <span className={styles.facet}>{chip.label}: </span>
            {chip.text}
          </span>
          <button
            type="button"
            aria-label={t('filters.remove', { filter: `${chip.label}: ${chip.text}` })}
            onClick={() => {
              set({ [chip.key]: undefined })
            }}
          >
            <CloseOutlined />
          </button>
        </span>
      ))}
      <label className={styles.sort}>
        <span className="muted">{t('filters.sort')}</span>
        <Select
          value={filters.sort ?? 'due'}
          variant="borderless"
          popupMatchSelectWidth={false}
          onChange={(sort: 'due' | 'priority' | 'age') => {
            set({ sort: sort === 'due' ? undefined : sort })
          }}
          options={(['due', 'priority', 'age'] as const).map((sort) => ({
            value: sort,
            label: t(`filters.sorts.${sort}`),
          }))}
        />
      </label>
    </div>
  )
}
