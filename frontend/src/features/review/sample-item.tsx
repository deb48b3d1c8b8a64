import { FlagOutlined } from '@ant-design/icons'
import { Button, Tooltip } from 'antd'
import type { ItemView } from '@/api/applications'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { StatusTag } from '@/ui/status-tag'
import { ItemFacts } from './item-facts'
import styles from './item-row.module.css'
import picker from './reason-picker.module.css'
import { candidates, nameOf, ReasonList } from './reason-list'
import { revealOf, type Fault, type Sample } from './sample.api'

interface Props {
  sample: Sample
  item: ItemView
  /** What the reader found wrong with it. */
  faults: readonly Fault[]
  judging: boolean
  picking: boolean
  shownInViewer: boolean
  onLook: () => void
  onPick: (open: boolean) => void
  onFaults: (faults: readonly Fault[]) => void
}

/** One item of the evidence, and what the second person says of it. */
export function SampleItem(props: Props) {
  const { sample, item, faults, judging, picking, shownInViewer, onLook, onPick, onFaults } = props
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const label = words.item(item.key)
  const suggested = sample.findings.filter((f) => f.item === item.key).flatMap((f) => f.suggests ?? [])
  const entries = candidates(words.reasons, item.key, Boolean(item.value ?? item.document), suggested)
  return (
    <li className={styles.row} onClick={onLook}>
      <div className={styles.main}>
        <ItemFacts
          item={item}
          findings={sample.findings}
          shownInViewer={shownInViewer}
          onActivate={onLook}
          reveal={() => revealOf(sample.id, item.key, t('samples.why'))}
        />
        {sample.told
          .filter((told) => told.target === item.key)
          .map((told) => (
            <div key={told.id} className={styles.reason}>
              <span>
                {t('samples.told', { round: told.round })} <span className="mono">{told.code}</span>{' '}
                {words.reason(told.code, told.sub, item.key)}
                {told.note && <span className="muted"> · {told.note}</span>}
              </span>
            </div>
          ))}
        {faults.map((fault) => (
          <div key={nameOf(fault)} className={styles.reason}>
            <span>
              <span className="mono">{fault.code}</span> {words.reason(fault.code, fault.sub, item.key)}
            </span>
            <Button
              size="small"
              onClick={() => {
                onFaults(faults.filter((other) => other !== fault))
              }}
            >
              {t('items.lift')}
            </Button>
          </div>
        ))}
      </div>
      <div className={styles.side}>
        {item.waived && <StatusTag tone="calm">{t('items.waived')}</StatusTag>}
        {item.state === 'missing' && !item.waived && (
          <StatusTag tone="bad">{terms('itemStates.missing')}</StatusTag>
        )}
        {judging && !item.waived && (
          <Tooltip title={t('items.raise')}>
            <Button
              size="small"
              icon={<FlagOutlined />}
              aria-label={t('items.raiseOn', { item: label })}
              aria-expanded={picking}
              onClick={(event) => {
                event.stopPropagation()
                onPick(!picking)
              }}
            />
          </Tooltip>
        )}
      </div>
      {picking && (
        <div
          className={styles.picker}
          onClick={(event) => {
            event.stopPropagation()
          }}
        >
          <div className={picker.picker} role="group" aria-label={t('reasons.on', { item: label })}>
            <ReasonList
              item={item}
              entries={entries}
              suggested={suggested}
              chosen={undefined}
              onChoose={(name) => {
                const entry = entries.find((each) => nameOf(each) === name)
                if (entry && !faults.some((fault) => nameOf(fault) === name)) {
                  const { code, sub } = entry
                  onFaults([...faults, { target: item.key, code, ...(sub && { sub }) }])
                }
                onPick(false)
              }}
            />
            <div className={picker.buttons}>
              <Button
                onClick={() => {
                  onPick(false)
                }}
              >
                {t('reasons.cancel')}
              </Button>
            </div>
          </div>
        </div>
      )}
    </li>
  )
}
