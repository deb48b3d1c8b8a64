import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from '@/i18n'
import { openReasons } from './case'
import { useHindrance, type PanelProps } from './deciding'
import { Hindrance } from './hindrance'
import { ReturnDrawer } from './return-drawer'

/** "Return with 3 reasons…": opens the preview of what the merchant will get. */
export function ReturnButton({ application, mine, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const [preview, setPreview] = useState(false)
  const hindrance = useHindrance(application, 'return')
  const count = openReasons(application).length
  return (
    <>
      {mine && count > 0 && <Hindrance why={hindrance} />}
      {count > 0 && (
        <Button
          type="primary"
          block
          disabled={!mine || hindrance !== undefined}
          onClick={() => {
            setPreview(true)
          }}
        >
          {t('return.button', { count })}
        </Button>
      )}
      <ReturnDrawer
        application={application}
        open={preview}
        onClose={() => {
          setPreview(false)
        }}
        onSee={onSee}
      />
    </>
  )
}
