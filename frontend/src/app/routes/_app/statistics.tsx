import { createFileRoute } from '@tanstack/react-router'
import { StatisticsPage } from '@/features/statistics/statistics-page'
import { readRange } from '@/features/statistics/statistics-search'

export const Route = createFileRoute('/_app/statistics')({
  validateSearch: readRange,
  component: function Statistics() {
    return <StatisticsPage range={Route.useSearch().range ?? 'month'} />
  },
})
