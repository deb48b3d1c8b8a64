import type { Schemas } from '@/api/client'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { useFieldLabel, useValueText } from './changes'
import { differences } from './difference'
import styles from './changes.module.css'

/** The event as the log holds it, in words, with the names a proof refers to. */
export function EventRecord({ entry }: { entry: Schemas['HistoryEntry'] }) {
  const { t } = useTranslation('audit')
  const format = useFormats()
  const label = useFieldLabel()
  const show = useValueText()
  const { by, at, ...data } = entry.data
  const envelope: [string, string][] = [
    [t('record.type'), entry.type],
    [t('record.revision'), String(entry.revision)],
    [t('record.at'), format.exact(entry.at)],
    [t('record.actor'), `${entry.by.id} (${entry.by.role})`],
    [t('record.id'), entry.id],
    ...(entry.command ? [[t('record.command'), entry.command] as [string, string]] : []),
    ...(entry.position ? [[t('record.position'), entry.position] as [string, string]] : []),
  ]
  return (
    <>
      <h3>{t('record.envelope')}</h3>
      <table className={styles.table}>
        <tbody>
          {envelope.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="mono">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3 style={{ marginTop: 16 }}>{t('record.data')}</h3>
      <table className={styles.table}>
        <tbody>
          {differences({}, data).map(({ path, after }) => (
            <tr key={`${path.join('/')}${after ?? ''}`}>
              <th scope="row">{label(path)}</th>
              <td>{show(path, after ?? '')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
