import { useQuery } from '@tanstack/react-query'
import { Link, Navigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { statusQuery, type Status } from '@/api/applications'
import { useChanges } from '@/api/changes'
import { ProblemError } from '@/api/problem'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { UndeliveredMails } from '@/ui/undelivered-mails'
import styles from './merchant-frame.module.css'

interface Props {
  id: string
  title: string
  /** What one does here; empty where nothing can be done. */
  lead?: (status?: Status) => ReactNode
  children: (status: Status) => ReactNode
}

/** The frame of a merchant's pages: where one is, and what else there is. */
export function MerchantFrame({ id, title, lead, children }: Props) {
  const { t } = useTranslation('merchant')
  const identity = useIdentity()
  // The page hears of changes; it looks again by itself in case it hears nothing.
  const status = useQuery({ ...statusQuery(id), refetchInterval: 300_000 })
  useChanges(({ changes, behind }) => {
    const newer = changes.some(
      (change) => change.id === id && change.revision > (status.data?.revision ?? -1),
    )
    if (behind || newer) void status.refetch()
  })
  const stage = status.data?.stage
  const web = status.data?.site_type === 'web'
  const tabs = [
    { to: '/applications/$id', label: t('tabs.status'), exact: true },
    ...(stage === 'correction'
      ? [{ to: '/applications/$id/corrections', label: t('tabs.corrections') } as const]
      : []),
    { to: '/applications/$id/form', label: t('tabs.form') },
    ...(web ? [{ to: '/applications/$id/site', label: t('tabs.site') } as const] : []),
    ...(status.data?.contract
      ? [{ to: '/applications/$id/contract', label: t('tabs.contract') } as const]
      : []),
  ] as const
  // Its merchant may have had the data locked, and can take that back for a time.
  if (identity?.role === 'merchant' && status.error instanceof ProblemError && status.error.status === 404)
    return <Navigate to="/applications/$id/restriction" params={{ id }} replace />
  return (
    <Page width="narrow" title={title} lead={lead?.(status.data)}>
      {identity?.role === 'agent' && (
        <p className={styles.whose}>
          <Link to="/applications">{t('frame.all')}</Link> ·{' '}
          {status.data?.name || status.data?.merchant_number}
        </p>
      )}
      <nav className={styles.tabs} aria-label={t('frame.navigation')}>
        {tabs.map((tab) => (
          <Link
            key={tab.to}
            to={tab.to}
            params={{ id }}
            className={styles.tab}
            activeOptions={{ exact: 'exact' in tab }}
            activeProps={{ className: styles.here, 'aria-current': 'page' }}
          >
            {tab.label}
          </Link>
        ))}
      </nav>
      {status.isPending && <Loading />}
      <ProblemNotice error={status.error} onSee={() => void status.refetch()} />
      {status.data && (
        <UndeliveredMails id={id} reader={identity?.role === 'merchant' ? 'merchant' : 'other'} />
      )}
      {status.data && children(status.data)}
    </Page>
  )
}
