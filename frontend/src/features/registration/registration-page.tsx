import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Result } from 'antd'
import { useActKey } from '@/api/act-key'
import { api, body, type Schemas } from '@/api/client'
import { useTranslation } from '@/i18n'
import { OutsidePage } from '@/ui/outside-page'
import { RegistrationForm } from './registration-form'

export function RegistrationPage() {
  const { t } = useTranslation('merchant')
  const keyFor = useActKey()
  const registering = useMutation({
    networkMode: 'always',
    mutationFn: async (registration: Schemas['Registration']) =>
      body(
        await api.POST('/v1/registrations', {
          params: { header: { 'Idempotency-Key': keyFor(registration) } },
          body: registration,
        }),
      ),
  })
  if (registering.isSuccess) {
    return (
      <OutsidePage title={t('register.sentTitle')}>
        <Result
          status="success"
          title={t('register.sentTo', { address: registering.data.sent_to })}
          subTitle={t('register.sentBody')}
          extra={<Link to="/login">{t('register.toLogin')}</Link>}
        />
      </OutsidePage>
    )
  }
  return (
    <OutsidePage title={t('register.title')} lead={t('register.lead')}>
      <RegistrationForm
        by="merchant"
        busy={registering.isPending}
        error={registering.error}
        onSubmit={(registration) => {
          registering.mutate(registration)
        }}
      />
      <p style={{ marginTop: 24 }}>
        {t('register.already')} <Link to="/login">{t('register.toLogin')}</Link>
      </p>
    </OutsidePage>
  )
}
