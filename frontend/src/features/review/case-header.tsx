import { Link } from '@tanstack/react-router'
import { Tooltip } from 'antd'
import { useEffect } from 'react'
import type { Application } from '@/api/applications'
import { usePersonName, useWords } from '@/api/reference'
import { languages, useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { DeadlineBadge } from '@/ui/deadline-badge'
import { useNow } from '@/ui/now'
import { StatusTag } from '@/ui/status-tag'
import { stageTone } from '@/ui/stage'
import { PersonText } from '@/ui/person-text'
import { queueOf, waitsForUs } from './case'
import styles from './case-header.module.css'

export function CaseHeader({ application, mine }: { application: Application; mine: boolean }) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const name = usePersonName()
  const format = useFormats()
  const now = useNow()
  const { claim, deadline } = application
  const claimed = claim && Date.parse(claim.until) > now
  const title = application.name || t('grid.unnamed')
  useEffect(() => {
    document.title = `${application.merchant_number} · Alta`
  }, [application.merchant_number])
  const banks = application.banks ?? []
  const facts: [label: string, value: string, more?: string | undefined][] = [
    [t('case.kind'), terms(`kinds.${application.kind}`)],
    [
      t('case.products'),
      format.list(application.products.map((product) => terms(`products.${product}`))) +
        (banks.length > 0 ? ` (${t('case.banks', { count: banks.length })})` : ''),
      banks.length > 0 ? format.list(banks.map(words.bank)) : undefined,
    ],
    [t('case.site'), terms(`sites.${application.site_type}`)],
    [t('case.round'), application.round > 0 ? format.number(application.round) : t('case.notSubmitted')],
    [t('case.language'), languages[application.language]],
    ...(application.agent
      ? ([[t('case.agent'), name({ id: application.agent, role: 'agent' })]] as [string, string][])
      : []),
  ]
  return (
    <header className={styles.header}>
      <div className={styles.top}>
        <Link to="/queue/$queue" params={{ queue: queueOf(application.stage) }} className={styles.back}>
          ← {terms(`queues.${queueOf(application.stage)}`)}
        </Link>
        <h1 className={styles.name}>
          <PersonText>{title}</PersonText>
        </h1>
        <span className={`mono ${styles.number}`}>{application.merchant_number}</span>
        <StatusTag tone={stageTone(application.stage)}>{terms(`stages.${application.stage}`)}</StatusTag>
        {application.four_eyes && (
          <Tooltip title={t('case.fourEyesHelp')}>
            <span>
              <StatusTag tone="calm">{t('case.fourEyes')}</StatusTag>
            </span>
          </Tooltip>
        )}
        {application.restricted && <StatusTag tone="bad">{t('case.restricted')}</StatusTag>}
        <span className={styles.time}>
          {deadline && (
            <>
              <span className="muted">{terms(`holders.${deadline.holder}`)}</span>
              <DeadlineBadge due={deadline.due} />
              {deadline.provisional && (
                <Tooltip title={t('case.provisionalHelp')}>
                  <span className="muted">{t('case.provisional')}</span>
                </Tooltip>
              )}
            </>
          )}
          <span className={mine ? styles.mine : 'muted'}>
            {claimed
              ? mine
                ? t('case.yours', { left: format.span(Date.parse(claim.until) - now) })
                : t('case.theirs', { name: name(claim.by), left: format.span(Date.parse(claim.until) - now) })
              : waitsForUs(application) && t('case.unclaimed')}
          </span>
        </span>
      </div>
      <dl className={styles.facts}>
        {facts.map(([label, value, more]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {more ? (
                <Tooltip title={more}>
                  <span className={styles.more} tabIndex={0}>
                    {value}
                  </span>
                </Tooltip>
              ) : (
                value
              )}
            </dd>
          </div>
        ))}
      </dl>
    </header>
  )
}
