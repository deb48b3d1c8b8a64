import { useTranslation } from '@/i18n'
import styles from './person-text.module.css'
import { parts } from './text'

/**
 * What somebody typed. It runs in its own direction and turns nothing around it,
 * and characters that nobody sees show their code points.
 */
export function PersonText({ children }: { children: string }) {
  const { t } = useTranslation('terms')
  return (
    <bdi>
      {parts(children).map((part, index) =>
        part.mark === undefined ? (
          part.text
        ) : (
          <mark key={index} className={styles.mark} title={t('unseen')}>
            {part.mark}
          </mark>
        ),
      )}
    </bdi>
  )
}
