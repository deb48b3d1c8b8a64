import { Skeleton } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from '@/i18n'

/** A placeholder that appears only when the wait is long enough to be noticed. */
export function Loading({ rows = 6 }: { rows?: number }) {
  const { t } = useTranslation()
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => {
      setLate(true)
    }, 300)
    return () => {
      clearTimeout(timer)
    }
  }, [])
  if (!late) return null
  return (
    <div role="status" aria-label={t('loading')}>
      <Skeleton active paragraph={{ rows }} />
    </div>
  )
}
