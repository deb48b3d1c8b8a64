import { Link } from '@tanstack/react-router'
import { useTranslation } from '@/i18n'
import { EmptyState } from '@/ui/empty-state'

export function NotFound() {
  const { t } = useTranslation()
  return (
    <EmptyState title={t('notFound.title')} action={<Link to="/">{t('notFound.home')}</Link>}>
      {t('notFound.body')}
    </EmptyState>
  )
}
