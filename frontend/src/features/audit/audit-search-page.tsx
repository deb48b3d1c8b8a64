import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from '@/i18n'
import { ApplicationSearch } from '@/ui/application-search'
import { Page } from '@/ui/page'

/** Finds the application whose history is to be replayed. */
export function AuditSearchPage({ q }: { q: string }) {
  const { t } = useTranslation('audit')
  const navigate = useNavigate()
  return (
    <Page title={t('search.title')} lead={t('search.lead')}>
      <ApplicationSearch
        q={q}
        onSearch={(next) => void navigate({ to: '/audit', search: next ? { q: next } : {} })}
        to="/audit/$id"
      />
    </Page>
  )
}
