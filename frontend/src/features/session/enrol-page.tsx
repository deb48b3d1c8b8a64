import { Button } from 'antd'
import { api } from '@/api/client'
import { end } from '@/api/session'
import { useTranslation } from '@/i18n'
import { OutsidePage } from '@/ui/outside-page'
import { OneTimeCodes } from './one-time-codes'

/** Nothing else works for these roles until one-time codes are set up. */
export function EnrolPage() {
  const { t } = useTranslation()
  return (
    <OutsidePage title={t('totp.needed')} lead={t('totp.neededBody')}>
      <OneTimeCodes />
      <Button
        type="link"
        style={{ padding: 0, marginTop: 16 }}
        onClick={() => {
          void api.POST('/v1/auth/logout').finally(() => {
            end()
            location.assign('/login')
          })
        }}
      >
        {t('shell.logout')}
      </Button>
    </OutsidePage>
  )
}
