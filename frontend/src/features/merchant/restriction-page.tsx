import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Alert, App, Button } from 'antd'
import type { Schemas } from '@/api/client'
import { applicationKey, perform } from '@/api/command'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { restrictionQuery, useLiftRestriction } from './merchant.api'
import styles from './restriction-page.module.css'

/** What is left to see of an application whose data its merchant had locked: that it is so, and the way back. */
export function RestrictionPage({ id }: { id: string }) {
  const { t } = useTranslation('merchant')
  const restriction = useQuery(restrictionQuery(id))
  return (
    <Page width="narrow" title={t('restriction.title')}>
      {restriction.isPending && <Loading />}
      <ProblemNotice error={restriction.error} onSee={() => void restriction.refetch()} />
      {restriction.data?.restricted && <Locked id={id} restriction={restriction.data} />}
      {restriction.data?.restricted === false && (
        <Alert
          type="info"
          showIcon
          title={t('restriction.none')}
          description={
            <Link to="/applications/$id" params={{ id }}>
              {t('restriction.open')}
            </Link>
          }
        />
      )}
    </Page>
  )
}

function Locked({ id, restriction }: { id: string; restriction: Schemas['Restriction'] }) {
  const { t } = useTranslation('merchant')
  const { message } = App.useApp()
  const format = useFormats()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const lift = useLiftRestriction(id, restriction.revision)
  const open = restriction.back !== undefined && new Date(restriction.back) > new Date()
  return (
    <>
      <Alert
        type="warning"
        showIcon
        title={t('restriction.locked')}
        description={
          open
            ? t('restriction.until', { when: format.moment(restriction.back ?? '') })
            : t('restriction.final')
        }
      />
      {open && (
        <p className={styles.back}>
          <Button
            type="primary"
            loading={lift.isPending}
            onClick={() => {
              perform(lift, undefined, () => {
                // What was refused while the data were locked is asked for anew.
                queries.removeQueries({ queryKey: applicationKey(id) })
                void message.success(t('restriction.done'))
                void navigate({ to: '/applications/$id', params: { id }, replace: true })
              })
            }}
          >
            {t('restriction.lift')}
          </Button>
        </p>
      )}
      <ProblemNotice error={lift.error} />
    </>
  )
}
