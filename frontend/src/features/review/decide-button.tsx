import { DownOutlined } from '@ant-design/icons'
import { Button, Dropdown, Space } from 'antd'
import { useTranslation } from '@/i18n'
import { useKeys } from '@/ui/keys'
import { Keys } from '@/ui/key-cap'
import styles from './decide-button.module.css'

interface Props {
  label: string
  busy: boolean
  disabled: boolean
  danger?: boolean
  /** Decides; next says whether to go on to the next case. */
  onDecide: (next: boolean) => void
}

/** Decides and goes on to the next case; staying is one click further. */
export function DecideButton({ label, busy, disabled, danger = false, onDecide }: Props) {
  const { t } = useTranslation('staff')
  const { t: shell } = useTranslation()
  const group = shell('keys.case')
  useKeys([
    {
      keys: '$mod+Enter',
      label: t('decide.next', { label }),
      group,
      disabled: disabled || busy,
      run: () => {
        onDecide(true)
      },
    },
    {
      keys: '$mod+Shift+Enter',
      label: t('decide.stay', { label }),
      group,
      disabled: disabled || busy,
      run: () => {
        onDecide(false)
      },
    },
  ])
  return (
    <Space.Compact block>
      <Button
        type="primary"
        danger={danger}
        className={styles.main ?? ''}
        disabled={disabled}
        loading={busy && { delay: 300 }}
        onClick={() => {
          onDecide(true)
        }}
      >
        {t('decide.next', { label })}
      </Button>
      <Dropdown
        trigger={['click']}
        disabled={disabled || busy}
        menu={{
          items: [
            {
              key: 'stay',
              label: (
                <span className={styles.choice}>
                  {t('decide.stay', { label })} <Keys keys="$mod+Shift+Enter" />
                </span>
              ),
              onClick: () => {
                onDecide(false)
              },
            },
          ],
        }}
      >
        <Button
          type="primary"
          danger={danger}
          disabled={disabled}
          icon={<DownOutlined />}
          aria-label={t('decide.more')}
        />
      </Dropdown>
    </Space.Compact>
  )
}
