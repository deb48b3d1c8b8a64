import { queryOptions, useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import { api, body } from '@/api/client'
import { usePersonName } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'

const alarmsQuery = queryOptions({
  queryKey: ['alarms'],
  queryFn: async ({ signal }) =>
    body(await api.GET('/v1/alarms', { params: { query: { limit: 5 } }, signal })).alarms,
  refetchInterval: 60_000,
})

/** Who opened much personal data lately, for leads and auditors; nothing where nobody did. */
export function LookAlarms() {
  const { t } = useTranslation()
  const format = useFormats()
  const name = usePersonName()
  const role = useIdentity()?.role
  const { data = [] } = useQuery({ ...alarmsQuery, enabled: role === 'lead' || role === 'auditor' })
  if (data.length === 0) return null
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBottom: 16 }}
      title={t('alarms.title')}
      description={
        <ul style={{ margin: 0, paddingInlineStart: 18 }}>
          {data.map((alarm) => (
            <li key={`${alarm.by.id}${alarm.at}`}>
              {t(`alarms.${alarm.kind}`, {
                name: name(alarm.by),
                when: format.exact(alarm.at),
                share: alarm.percent,
                most: alarm.most,
              })}
            </li>
          ))}
        </ul>
      }
    />
  )
}
