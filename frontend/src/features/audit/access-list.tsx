import { useInfiniteQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { usePersonName, useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { EmptyState } from '@/ui/empty-state'
import { Loading } from '@/ui/loading'
import { ProblemNotice } from '@/ui/problem-notice'
import { PersonText } from '@/ui/person-text'
import { accessesQuery } from './audit.api'
import styles from './changes.module.css'

/** Who unmasked or opened what, and why. */
export function AccessList({ id }: { id: string }) {
  const { t } = useTranslation('audit')
  const { t: terms } = useTranslation('terms')
  const words = useWords()
  const name = usePersonName()
  const format = useFormats()
  const accesses = useInfiniteQuery(accessesQuery(id))
  const list = accesses.data?.pages.flatMap((page) => page.accesses) ?? []
  if (accesses.isPending) return <Loading rows={5} />
  if (accesses.error) return <ProblemNotice error={accesses.error} />
  if (list.length === 0) return <EmptyState title={t('accesses.none')} />
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('accesses.when')}</th>
            <th scope="col">{t('accesses.who')}</th>
            <th scope="col">{t('accesses.what')}</th>
            <th scope="col">{t('accesses.why')}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((access, index) => (
            <tr key={index}>
              <td>{format.exact(access.at)}</td>
              <td>
                {name(access.by)} <span className="muted">({terms(`roles.${access.by.role}`)})</span>
              </td>
              <td>
                {t(`accesses.kinds.${access.what}`)}
                {access.items && access.items.length > 0 && `: ${format.list(access.items.map(words.item))}`}
                {access.page !== undefined &&
                  access.page > 1 &&
                  ` · ${t('accesses.page', { page: access.page })}`}
              </td>
              <td>{access.why && <PersonText>{access.why}</PersonText>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {accesses.hasNextPage && (
        <Button onClick={() => void accesses.fetchNextPage()}>{t('accesses.more')}</Button>
      )}
    </>
  )
}
