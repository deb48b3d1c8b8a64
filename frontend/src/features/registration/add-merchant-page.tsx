import { useMutation, useQueryClient } from '@tanstack/react-query'

import { Button, Result } from 'antd'
import { useActKey } from '@/api/act-key'
import { api, body, noteWrite, type Schemas } from '@/api/client'
import { listsKey } from '@/api/command'
import { useTranslation } from '@/i18n'
import { ButtonLink } from '@/ui/button-link'
import { Page } from '@/ui/page'
import { RegistrationForm } from './registration-form'

/** An agent adds a merchant; the merchant gets the mail and sets the password. */
export function AddMerchantPage() {
  const { t } = useTranslation('merchant')
  const queries = useQueryClient()
  const keyFor = useActKey()
  const adding = useMutation({
    networkMode: 'always',
    mutationFn: async (registration: Schemas['Registration']) => {
      const answer = await api.POST('/v1/merchants', {
        params: { header: { 'Idempotency-Key': keyFor(registration) } },
        body: registration,
      })
      const added = body(answer)
      noteWrite(answer.response)
      return added
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: listsKey }),
  })
  return (
    <Page width="narrow" title={t('add.title')} lead={t('add.lead')}>
      {adding.isSuccess ? (
        <div className="sheet">
          <Result
            status="success"
            title={t('add.done', { number: adding.data.merchant_number })}
            subTitle={t('add.doneBody')}
            extra={[
              <ButtonLink key="open" to="/applications/$id/form" params={{ id: adding.data.id }} primary>
                {t('add.fill')}
              </ButtonLink>,
              <Button
                key="more"
                onClick={() => {
                  adding.reset()
                }}
              >
                {t('add.another')}
              </Button>,
            ]}
          />
        </div>
      ) : (
        <div className="sheet" style={{ padding: 24 }}>
          <RegistrationForm
            by="agent"
            busy={adding.isPending}
            error={adding.error}
            onSubmit={(registration) => {
              adding.mutate(registration)
            }}
          />
        </div>
      )}
    </Page>
  )
}
