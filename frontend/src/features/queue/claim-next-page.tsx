import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'

import { useEffect, useState } from 'react'
import { listsKey } from '@/api/command'
import { useTranslation } from '@/i18n'
import { ButtonLink } from '@/ui/button-link'
import { EmptyState } from '@/ui/empty-state'
import { ListAge } from '@/ui/list-age'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import type { QueueName } from './filters'
import { claimNext } from './queue.api'

/**
 * "Claim next" has an address of its own, so that a click with ctrl opens the
 * next case in another tab. The page claims, then makes way for the case.
 */
export function ClaimNextPage({ queue }: { queue: QueueName }) {
  const { t } = useTranslation('staff')
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [key] = useState(() => crypto.randomUUID())
  const { mutate, error, data, isSuccess } = useMutation({
    networkMode: 'always',
    mutationFn: () => claimNext(queue, key),
    onSuccess: async (id) => {
      await queries.invalidateQueries({ queryKey: listsKey })
      if (id) await navigate({ to: '/cases/$id', params: { id }, replace: true })
    },
  })
  useEffect(() => {
    mutate()
  }, [mutate])
  const back = (
    <ButtonLink to="/queue/$queue" params={{ queue }}>
      {t('next.back')}
    </ButtonLink>
  )
  return (
    <Page width="narrow" title={t('next.title')}>
      {error ? <ProblemNotice error={error} /> : !isSuccess && <Loading />}
      <ListAge />
      {isSuccess && !data && (
        <div className="sheet">
          <EmptyState title={t('next.nothing')} action={back}>
            {t('next.nothingBody')}
          </EmptyState>
        </div>
      )}
    </Page>
  )
}
