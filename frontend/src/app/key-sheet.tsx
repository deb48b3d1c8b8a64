import { Modal, Switch } from 'antd'
import { useTranslation } from '@/i18n'
import { useActiveKeys } from '@/ui/keys'
import { setPreferences, usePreferences } from '@/ui/preferences'
import { Keys } from '@/ui/key-cap'
import styles from './key-sheet.module.css'

/** The keys that work on this page, made from the registry that binds them. */
export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const keys = useActiveKeys()
  const { singleKeys } = usePreferences()
  const groups = [...new Set(keys.map((binding) => binding.group))].map(
    (group) => [group, keys.filter((binding) => binding.group === group)] as const,
  )
  return (
    <Modal open={open} onCancel={onClose} footer={null} title={t('keys.title')} width={560}>
      <label className={styles.switch}>
        <Switch
          size="small"
          checked={singleKeys}
          onChange={(on) => {
            setPreferences({ singleKeys: on })
          }}
        />
        {t('keys.single')}
      </label>
      {groups.map(([group, bindings]) => (
        <section key={group} className={styles.group}>
          <h3>{group}</h3>
          <dl>
            {bindings.map((binding) => (
              <div key={binding.keys} className={styles.row}>
                <dt>{binding.label}</dt>
                <dd>
                  <Keys keys={binding.keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Modal>
  )
}
