import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from '@/i18n'
import { ApplicationSearch } from '@/ui/application-search'
import { LookAlarms } from '@/ui/look-alarms'
import { Page } from '@/ui/page'

// A restricted application is in no list: whoever has its id, from a request or a
// record, opens it by that.
const applicationId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Finds the application whose history is to be replayed. */
export function AuditSearchPage({ q }: { q: string }) {
  const { t } = useTranslation('audit')
  const navigate = useNavigate()
  return (
    <Page title={t('search.title')} lead={t('search.lead')}>
      <LookAlarms />
      {applicationId.test(q) && (
        <p>
          <Link to="/audit/$id" params={{ id: q.toLowerCase() }}>
            {t('search.byId')}
          </Link>
        </p>
      )}
      <ApplicationSearch
        q={q}
        onSearch={(next) => void navigate({ to: '/audit', search: next ? { q: next } : {} })}
        to="/audit/$id"
      />
    </Page>
  )
}
