import { Button, Input } from 'antd'
import { useState } from 'react'
import { reveal, type Application, type Status } from '@/api/applications'
import { usePersonName, useWords } from '@/api/reference'
import { whyOf } from '@/api/why'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { DocumentViewer } from '@/ui/document-viewer'
import { MaskedValue } from '@/ui/masked-value'
import { MerchantText } from '@/ui/merchant-text'
import { StatusTag } from '@/ui/status-tag'
import { stageTone } from '@/ui/stage'
import { atMost } from '@/ui/text'
import styles from './moment-view.module.css'

/** The application as it stood right after the event. */
export function ApplicationThen({ id, application }: { id: string; application: Application }) {
  const { t } = useTranslation('audit')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const name = usePersonName()
  const format = useFormats()
  const [why, setWhy] = useState(() => whyOf(id) ?? '')
  const [shown, setShown] = useState<string>()
  const stated = why.trim().length >= 5
  const items = application.items.filter((item) => item.required || item.value || item.document)
  const open = items.find((item) => item.key === shown)?.document
  const facts: [string, string][] = [
    [t('then.holder'), terms(`holders.${application.holder}`)],
    [t('then.round'), format.number(application.round)],
    [t('then.policy'), application.policy],
    [
      t('then.claim'),
      application.claim ? `${name(application.claim.by)} · ${format.exact(application.claim.until)}` : '–',
    ],
    [t('then.deadline'), application.deadline ? format.until(application.deadline.due) : '–'],
  ]
  return (
    <div className={styles.then}>
      <div className={styles.summary}>
        <StatusTag tone={stageTone(application.stage)}>{terms(`stages.${application.stage}`)}</StatusTag>
        <dl className={styles.facts}>
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      <label className={styles.why}>
        <span>{t('then.why')}</span>
        <Input
          value={why}
          {...atMost(500)}
          placeholder={t('then.whyPlaceholder')}
          onChange={(event) => {
            setWhy(event.target.value)
          }}
        />
        <span className="muted">{t('then.whyHelp')}</span>
      </label>
      {open && shown && (
        <div className={styles.viewer}>
          <DocumentViewer
            application={id}
            shown={{ document: open.id, pages: open.pages, label: words.item(shown) }}
            why={why.trim()}
          />
        </div>
      )}
      <div className={styles.wide}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('then.item')}</th>
              <th scope="col">{t('then.value')}</th>
              <th scope="col">{t('then.state')}</th>
              <th scope="col">{t('then.acceptedBy')}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.key}>
                <th scope="row">{words.item(item.key)}</th>
                <td>
                  {item.document ? (
                    <Button
                      size="small"
                      disabled={!stated}
                      aria-label={t('then.open', { item: words.item(item.key) })}
                      onClick={() => {
                        setShown(item.key)
                      }}
                    >
                      {t('then.openIt')}
                    </Button>
                  ) : (
                    <MaskedValue
                      label={words.item(item.key)}
                      masked={item.value ? words.value(item.key, item.value) : '–'}
                      reveal={
                        item.personal && item.value && stated
                          ? async () => (await reveal(id, [item.key], why.trim()))[item.key] ?? ''
                          : undefined
                      }
                    />
                  )}
                </td>
                <td>{terms(`itemStates.${item.state}`)}</td>
                <td>{item.accepted_by ? name(item.accepted_by) : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {application.reasons.length > 0 && (
        <>
          <h3>{t('then.reasons')}</h3>
          <ul className={styles.reasons}>
            {application.reasons.map((reason) => (
              <li key={reason.id}>
                <span className="mono">{reason.code}</span>{' '}
                {words.reason(reason.code, reason.sub, reason.target)} · {words.item(reason.target)}{' '}
                <StatusTag tone="calm">{terms(`reasonStates.${reason.state}`)}</StatusTag>
                {reason.internal && <p className="muted">{t('then.internal', { text: reason.internal })}</p>}
              </li>
            ))}
          </ul>
        </>
      )}
      {application.checks.length > 0 && (
        <>
          <h3>{t('then.checks')}</h3>
          <ul className={styles.reasons}>
            {application.checks.map((check) => (
              <li key={`${check.check}${check.at}`}>
                {terms(`checks.${check.check}`)} · {name(check.by)}
                {check.second && ` + ${name(check.second)}`} · {format.exact(check.at)}{' '}
                {check.void && <StatusTag tone="warn">{t('then.void')}</StatusTag>}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

/** What the merchant saw at that moment. */
export function StatusThen({ status }: { status: Status }) {
  const { t } = useTranslation('audit')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const format = useFormats()
  return (
    <div className={styles.then}>
      <p>{t('then.merchantSaw')}</p>
      <ol className={styles.steps}>
        {status.steps.map((step) => (
          <li key={step.stage} aria-current={step.state === 'current' ? 'step' : undefined}>
            <StatusTag tone={step.state === 'done' ? 'good' : step.state === 'current' ? 'active' : 'calm'}>
              {terms(`stages.${step.stage}`)}
            </StatusTag>
          </li>
        ))}
      </ol>
      {status.deadline && (
        <p>
          {t('then.deadline')}: {format.until(status.deadline.due)}
        </p>
      )}
      {status.reasons.map((reason) => (
        <div key={reason.id} className={styles.reason}>
          <h3>{words.item(reason.target)}</h3>
          <MerchantText text={reason.text[status.language]} note={reason.note} language={status.language} />
        </div>
      ))}
    </div>
  )
}
