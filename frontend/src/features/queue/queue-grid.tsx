import { Link, useNavigate } from '@tanstack/react-router'
import { Checkbox } from 'antd'
import { useEffect, useId, useRef, useState } from 'react'
import type { Row } from '@/api/applications'
import { usePersonName, useWords } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { DeadlineBadge } from '@/ui/deadline-badge'
import { useKeys } from '@/ui/keys'
import { useNow } from '@/ui/now'
import { StatusTag } from '@/ui/status-tag'
import type { QueueName } from './filters'
import styles from './queue-grid.module.css'

const mixed: readonly QueueName[] = ['mine', 'breached', 'contract']

interface Props {
  rows: readonly Row[]
  queue: QueueName
  total: number | undefined
  /** The rows that are selected; without it nothing can be. */
  chosen?: ReadonlySet<string> | undefined
  onChoose?: ((ids: ReadonlySet<string>) => void) | undefined
}

/**
 * The list of a queue. It is one tab stop: J, K and the arrows move, Enter
 * opens, X selects where rows can be selected. Screen readers get a grid with the true number of rows.
 */
export function QueueGrid({ rows, queue, total, chosen, onChoose }: Props) {
  const { t } = useTranslation('staff')
  const { t: shell } = useTranslation()
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  const navigate = useNavigate()
  const grid = useRef<HTMLDivElement>(null)
  const prefix = useId()
  const [active, setActive] = useState(0)
  const current = Math.min(active, rows.length - 1)
  const rowId = (index: number) => `${prefix}row${index}`
  const withStage = mixed.includes(queue)

  const move = (step: number) => {
    setActive(Math.max(0, Math.min(rows.length - 1, current + step)))
    grid.current?.focus({ preventScroll: true })
  }
  const open = () => {
    const row = rows[current]
    if (row) void navigate({ to: '/cases/$id', params: { id: row.id } })
  }
  useEffect(() => {
    document.getElementById(`${prefix}row${current}`)?.scrollIntoView({ block: 'nearest' })
  }, [prefix, current])

  const toggle = (id: string | undefined) => {
    if (!id || !chosen || !onChoose) return
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    onChoose(next)
  }
  const everyChosen = chosen !== undefined && rows.every((row) => chosen.has(row.id))

  const group = shell('keys.queue')
  useKeys([
    {
      keys: 'KeyJ',
      label: t('grid.down'),
      group,
      run: () => {
        move(1)
      },
    },
    {
      keys: 'KeyK',
      label: t('grid.up'),
      group,
      run: () => {
        move(-1)
      },
    },
    {
      keys: 'KeyX',
      label: t('bulk.toggle'),
      group,
      disabled: !chosen,
      run: () => {
        toggle(rows[current]?.id)
      },
    },
  ])

  const columns = [
    t('grid.merchant'),
    t('grid.products'),
    ...(withStage ? [t('grid.stage')] : []),
    t('grid.round'),
    t('grid.signals'),
    t('grid.due'),
    t('grid.holder'),
  ]
  return (
    <div
      ref={grid}
      role="grid"
      aria-label={terms(`queues.${queue}`)}
      aria-rowcount={(total ?? rows.length) + 1}
      aria-colcount={columns.length + (chosen ? 1 : 0)}
      aria-multiselectable={chosen !== undefined}
      aria-activedescendant={rowId(current)}
      tabIndex={0}
      className={`sheet ${styles.grid} ${withStage ? styles.withStage : ''} ${chosen ? styles.selectable : ''}`}
      onKeyDown={(event) => {
        if (event.key === 'ArrowDown') move(1)
        else if (event.key === 'ArrowUp') move(-1)
        else if (event.key === 'Home') setActive(0)
        else if (event.key === 'End') setActive(rows.length - 1)
        else if (event.key === 'Enter' && event.target === event.currentTarget) open()
        else return
        event.preventDefault()
      }}
    >
      <div role="row" aria-rowindex={1} className={`${styles.row} ${styles.header}`}>
        {chosen && (
          <span role="columnheader" aria-colindex={1}>
            <Checkbox
              checked={everyChosen}
              indeterminate={!everyChosen && chosen.size > 0}
              aria-label={t('bulk.all')}
              onChange={() => {
                onChoose?.(new Set(everyChosen ? [] : rows.map((row) => row.id)))
              }}
            />
          </span>
        )}
        {columns.map((column, index) => (
          <span key={column} role="columnheader" aria-colindex={index + (chosen ? 2 : 1)}>
            {column}
          </span>
        ))}
      </div>
      {rows.map((row, index) => {
        const cells = [
          ...(chosen
            ? [
                <Checkbox
                  key="select"
                  tabIndex={-1}
                  checked={chosen.has(row.id)}
                  aria-label={t('bulk.select', { name: row.name || row.merchant_number })}
                  onChange={() => {
                    toggle(row.id)
                  }}
                />,
              ]
            : []),
          <span key="name" className={styles.merchant}>
            <Link to="/cases/$id" params={{ id: row.id }} tabIndex={-1} className={styles.name}>
              {row.name || t('grid.unnamed')}
            </Link>
            <span className={styles.sub}>
              <span className="mono">{row.merchant_number}</span>
              <span>{terms(`kinds.${row.kind}`)}</span>
              {row.domain && <span>{row.domain}</span>}
            </span>
          </span>,
          <span key="products" className={styles.products}>
            {format.list(row.products.map((product) => terms(`products.${product}`)))}
          </span>,
          ...(withStage ? [<span key="stage">{terms(`stages.${row.stage}`)}</span>] : []),
          <span key="round">{t('grid.nth', { n: format.number(Math.max(1, row.round)) })}</span>,
          <Signals key="signals" row={row} />,
          <DeadlineBadge key="due" due={row.due} paused={row.holder === 'merchant' && !row.due} />,
          <Holder key="holder" row={row} />,
        ]
        return (
          <div
            key={row.id}
            id={rowId(index)}
            role="row"
            aria-rowindex={index + 2}
            aria-selected={chosen ? chosen.has(row.id) : index === current}
            className={`${styles.row} ${styles.body} ${index === current ? styles.active : ''}`}
            onClick={(event) => {
              setActive(index)
              if (event.target instanceof Element && event.target.closest('a, label')) return
              void navigate({ to: '/cases/$id', params: { id: row.id } })
            }}
          >
            {cells.map((cell, column) => (
              <div
                key={cell.key}
                role="gridcell"
                aria-colindex={column + 1}
                className={styles.cell}
                data-cell={cell.key}
                data-label={t('grid.round')}
              >
                {cell}
              </div>
            ))}
          </div>
        )
      })}
    </div>
  )
}

function Signals({ row }: { row: Row }) {
  const { t } = useTranslation('staff')
  const words = useWords()
  const reasons = [...new Set(row.reasons)]
  const priority = row.priority ?? 0
  const nothing =
    !row.set_aside &&
    !priority &&
    !row.blocks &&
    !row.warns &&
    !row.hints &&
    !row.skips &&
    reasons.length === 0
  if (nothing) return <span className="muted">{t('grid.clear')}</span>
  return (
    <span className={styles.signals}>
      {row.set_aside && (
        <StatusTag tone="warn" title={t('grid.setAsideWhy')}>
          {t('grid.setAside')}
        </StatusTag>
      )}
      {priority !== 0 && (
        <StatusTag tone={priority > 0 ? 'active' : 'calm'}>
          {t(priority > 0 ? 'grid.sooner' : 'grid.later', { n: Math.abs(priority) })}
        </StatusTag>
      )}
      {row.blocks ? <StatusTag tone="bad">{t('grid.blocks', { count: row.blocks })}</StatusTag> : null}
      {row.warns ? <StatusTag tone="warn">{t('grid.warns', { count: row.warns })}</StatusTag> : null}
      {row.hints ? <StatusTag tone="calm">{t('grid.hints', { count: row.hints })}</StatusTag> : null}
      {row.skips ? <StatusTag tone="calm">{t('grid.skips', { count: row.skips })}</StatusTag> : null}
      {reasons.map((code) => (
        <abbr key={code} className={`mono ${styles.code}`} title={words.reason(code)}>
          {code}
        </abbr>
      ))}
    </span>
  )
}

function Holder({ row }: { row: Row }) {
  const { t } = useTranslation('staff')
  const name = usePersonName()
  const format = useFormats()
  const me = useIdentity()
  const now = useNow()
  const { claim } = row
  if (!claim || Date.parse(claim.until) <= now)
    return <span className="muted">{row.set_aside ? t('grid.setAside') : t('grid.free')}</span>
  const left = format.span(Date.parse(claim.until) - now)
  return (
    <span className={styles.holder}>
      <span>{claim.by.id === me?.id ? t('grid.you') : name(claim.by)}</span>
      <span className="muted">{t('grid.lease', { left })}</span>
    </span>
  )
}
