import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from '@/i18n'
import { ApplicationSearch } from '@/ui/application-search'
import { Page } from '@/ui/page'

/** Finds any application by name, number or domain. */
export function SearchPage({ q }: { q: string }) {
  const { t } = useTranslation('staff')
  const navigate = useNavigate()
  return (
    <Page title={t('search.title')} lead={t('search.lead')}>
      <ApplicationSearch
        q={q}
        onSearch={(next) => void navigate({ to: '/search', search: next ? { q: next } : {} })}
        to="/cases/$id"
      />
    </Page>
  )
}
