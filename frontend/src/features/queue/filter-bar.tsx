import { CloseOutlined, DownOutlined } from '@ant-design/icons'
import { useNavigate } from '@tanstack/react-router'
import { Button, Dropdown, Select } from 'antd'
import { useMemo } from 'react'
import { useWords } from '@/api/reference'
import { languages, useTranslation } from '@/i18n'
import { choices, facets, type FacetName, type Filters, type QueueName } from './filters'
import styles from './filter-bar.module.css'

/** Adds filters and shows the ones in force as chips that can be removed. */
export function FilterBar({ queue, filters }: { queue: QueueName; filters: Filters }) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const navigate = useNavigate()

  const set = (change: Partial<Filters>) =>
    void navigate({
      to: '/queue/$queue',
      params: { queue },
      search: Object.fromEntries(
        Object.entries({ ...filters, ...change }).filter(([, value]) => value !== undefined),
      ) as Filters,
    })

  const value = (facet: FacetName, choice: string): string => {
    switch (facet) {
      case 'kind':
        return terms(`kinds.${choice as 'individual'}`)
      case 'product':
        return terms(`products.${choice as 'wechat'}`)
      case 'risk':
        return terms(`severities.${choice as 'warn'}`)
      case 'language':
        return languages[choice as 'en']
      case 'assignee':
        return t(`filters.assignees.${choice as 'me'}`)
    }
  }

  const codes = useMemo(
    () => [...new Set(words.reference?.reasons.map((reason) => reason.code))],
    [words.reference],
  )
  const chips: { key: keyof Filters; label: string; text: string }[] = facets.flatMap((facet) => {
    const choice = filters[facet]
    return choice === undefined
      ? []
      : [{ key: facet, label: t(`filters.${facet}`), text: value(facet, choice) }]
  })
  if (filters.reason) chips.push({ key: 'reason', label: t('filters.reason'), text: filters.reason })
  if (filters.round) chips.push({ key: 'round', label: t('filters.round'), text: String(filters.round) })

  const items = [
    ...facets.map((facet) => ({
      key: facet,
      label: t(`filters.${facet}`),
      children: choices[facet].map((choice) => ({
        key: `${facet}:${choice}`,
        label: value(facet, choice),
        onClick: () => {
          set({ [facet]: choice })
        },
      })),
    })),
    {
      key: 'reason',
      label: t('filters.reason'),
      children: codes.map((code) => ({
        key: `reason:${code}`,
        label: `${code} · ${words.reason(code)}`,
        onClick: () => {
          set({ reason: code })
        },
      })),
    },
    {
      key: 'round',
      label: t('filters.round'),
      children: [1, 2, 3].map((round) => ({
        key: `round:${round}`,
        label: String(round),
        onClick: () => {
          set({ round })
        },
      })),
    },
  ]

  return (
    <div className={styles.bar}>
      <Dropdown trigger={['click']} menu={{ items }}>
        <Button icon={<DownOutlined />} iconPlacement="end">
          {t('filters.add')}
        </Button>
      </Dropdown>
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
