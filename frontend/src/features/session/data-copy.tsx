import { useMutation } from '@tanstack/react-query'
import { Button } from 'antd'
import { api, body, type Schemas } from '@/api/client'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import styles from './account-page.module.css'

/** All pages of the copy as one document. */
async function fetchCopy(): Promise<Schemas['DataCopy']> {
  const { next, ...whole } = body(await api.GET('/v1/me/data'))
  for (let cursor = next; cursor;) {
    const page = body(await api.GET('/v1/me/data', { params: { query: { cursor } } }))
    whole.applications.push(...page.applications)
    cursor = page.next
  }
  return whole
}

/** Saves a document as a file of this browser. */
function save(name: string, document: unknown): void {
  const url = URL.createObjectURL(
    new Blob([JSON.stringify(document, null, 2), '\n'], { type: 'application/json' }),
  )
  const link = window.document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(url)
  }, 60_000)
}

/** What the platform keeps about the merchant, as a file. */
export function DataCopy() {
  const { t } = useTranslation()
  const copying = useMutation({
    networkMode: 'always',
    gcTime: 0,
    mutationFn: async () => {
      const copy = await fetchCopy()
      const name = `alta-data-${copy.made.slice(0, 10)}.json`
      save(name, copy)
      return name
    },
  })
  return (
    <section className={`sheet ${styles.section}`}>
      <h2>{t('copyOf.title')}</h2>
      <p className="muted">{t('copyOf.about')}</p>
      <ProblemNotice error={copying.error} />
      {copying.data && <p role="status">{t('copyOf.done', { name: copying.data })}</p>}
      <Button
        className={styles.act}
        loading={copying.isPending && { delay: 300 }}
        onClick={() => {
          copying.mutate()
        }}
      >
        {t('copyOf.get')}
      </Button>
    </section>
  )
}
