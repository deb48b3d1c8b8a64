import { useMutation, useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import styles from './login-page.module.css'
import { beginOIDC, waysQuery } from './session.api'

/** Leads staff to their identity provider, where this installation has one. */
export function ProviderButton() {
  const { t } = useTranslation()
  const ways = useQuery(waysQuery)
  const leave = useMutation({
    networkMode: 'always',
    mutationFn: beginOIDC,
    onSuccess: (location) => {
      window.location.assign(location)
    },
  })
  const provider = ways.data?.oidc
  if (!provider) return null
  return (
    <div className={styles.provider}>
      <p className={styles.or}>{t('login.or')}</p>
      <ProblemNotice error={leave.error} />
      <Button
        block
        size="large"
        loading={(leave.isPending || leave.isSuccess) && { delay: 300 }}
        onClick={() => {
          leave.mutate()
        }}
      >
        {t('login.provider', { name: provider.name })}
      </Button>
    </div>
  )
}
