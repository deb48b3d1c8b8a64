import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, DatePicker, Input, Select, Switch } from 'antd'
import dayjs from 'dayjs'
import type { Schemas } from '@/api/client'
import { languages, useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { EmptyState } from '@/ui/empty-state'
import { ListAge } from '@/ui/list-age'
import { Loading } from '@/ui/loading'
import { Page } from '@/ui/page'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import { teamQuery, useNote, type Member } from './team.api'
import styles from './team-page.module.css'

const products = ['wechat', 'alipay', 'online_banking'] as const satisfies readonly Schemas['Product'][]

/** Who judges what, who is away, and how much each holds. */
export function TeamPage({ q }: { q: string }) {
  const { t } = useTranslation('staff')
  const format = useFormats()
  const navigate = useNavigate()
  const team = useInfiniteQuery(teamQuery(q))
  const members = team.data?.pages.flatMap((page) => page.team) ?? []
  const first = team.data?.pages[0]
  return (
    <Page
      title={t('team.title')}
      lead={first && !q && t('team.lead', { count: first.total, n: format.number(first.total) })}
      actions={
        <Input.Search
          key={q}
          defaultValue={q}
          allowClear
          aria-label={t('team.find')}
          placeholder={t('team.find')}
          {...atMost(100)}
          onSearch={(text) => void navigate({ to: '/team', search: text.trim() ? { q: text.trim() } : {} })}
        />
      }
    >
      <p className={styles.about}>{t('team.about')}</p>
      <ListAge again={() => void team.refetch()} />
      {team.isPending && <Loading rows={5} />}
      <ProblemNotice error={team.error} onSee={() => void team.refetch()} />
      {team.isSuccess && members.length === 0 && (
        <div className="sheet">
          <EmptyState title={t('team.nobody')} />
        </div>
      )}
      {members.length > 0 && (
        <div role="table" aria-label={t('team.title')} className={`sheet ${styles.table}`}>
          <div role="row" className={`${styles.row} ${styles.header}`}>
            {(['person', 'open', 'languages', 'products', 'away'] as const).map((column) => (
              <span key={column} role="columnheader">
                {t(`team.${column}`)}
              </span>
            ))}
          </div>
          {members.map((member) => (
            <MemberRow key={member.id} member={member} most={first?.most ?? 0} />
          ))}
        </div>
      )}
      {team.hasNextPage && (
        <div className={styles.more}>
          <Button
            onClick={() => void team.fetchNextPage()}
            loading={team.isFetchingNextPage && { delay: 300 }}
          >
            {t('team.more')}
          </Button>
        </div>
      )}
    </Page>
  )
}

function MemberRow({ member, most }: { member: Member; most: number }) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const format = useFormats()
  const note = useNote(member.id)
  const { name } = member
  const share = Math.min(1, most > 0 ? member.open / most : 0)
  return (
    <div role="row" className={`${styles.row} ${member.away ? styles.gone : ''}`}>
      <span role="cell" className={styles.person}>
        <strong>{name}</strong>
        <span className="muted">{terms(`roles.${member.role}`)}</span>
      </span>
      <span role="cell" className={styles.open}>
        <span>{t('team.of', { n: format.number(member.open), most: format.number(most) })}</span>
        <span className={styles.gauge} aria-hidden="true">
          <span style={{ inlineSize: `${share * 100}%` }} />
        </span>
      </span>
      <span role="cell" data-label={t('team.languages')}>
        <Select
          mode="multiple"
          variant="filled"
          className={styles.select}
          aria-label={t('team.languagesOf', { name })}
          placeholder={t('team.all')}
          value={member.languages}
          disabled={note.isPending}
          onChange={(chosen: Member['languages']) => {
            note.mutate({ languages: chosen, products: member.products })
          }}
          options={(['zh-CN', 'es', 'en'] as const).map((value) => ({ value, label: languages[value] }))}
        />
      </span>
      <span role="cell" data-label={t('team.products')}>
        <Select
          mode="multiple"
          variant="filled"
          className={styles.select}
          aria-label={t('team.productsOf', { name })}
          placeholder={t('team.all')}
          value={member.products}
          disabled={note.isPending}
          onChange={(chosen: Member['products']) => {
            note.mutate({ languages: member.languages, products: chosen })
          }}
          options={products.map((value) => ({ value, label: terms(`products.${value}`) }))}
        />
      </span>
      <span role="cell" data-label={t('team.away')} className={styles.away}>
        <Switch
          checked={member.away}
          loading={note.isPending}
          aria-label={t('team.awayOf', { name })}
          onChange={(away) => {
            note.mutate(away ? { away } : { away: false })
          }}
        />
        {member.away && (
          <DatePicker
            size="small"
            variant="filled"
            aria-label={t('team.awayUntil', { name })}
            placeholder={t('team.noEnd')}
            value={member.away_until ? dayjs(member.away_until) : null}
            disabledDate={(day) => day.isBefore(dayjs(), 'day')}
            onChange={(day) => {
              note.mutate(day ? { away: true, until: day.endOf('day').toISOString() } : { away: true })
            }}
          />
        )}
      </span>
      {note.error && (
        <div className={styles.problem}>
          <ProblemNotice error={note.error} />
        </div>
      )}
    </div>
  )
}
