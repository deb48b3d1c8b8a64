import { CheckOutlined, DeleteOutlined, StarFilled, StarOutlined, TeamOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button, Checkbox, Dropdown, Input, Modal, Switch, Tooltip } from 'antd'
import { useState } from 'react'
import { peopleQuery } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import { asText, isQueueName, readFilters, same, type Filters, type QueueName } from './filters'
import { useRemoveView, useSaveView, viewsQuery, type View } from './views.api'
import styles from './views-menu.module.css'

interface Props {
  queue: QueueName
  filters: Filters
}

/** The views that the reader keeps and colleagues share; a view is an address with a name. */
export function ViewsMenu({ queue, filters }: Props) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const navigate = useNavigate()
  const reader = useIdentity()
  const { data } = useQuery(viewsQuery)
  const [managing, setManaging] = useState(false)
  const all = data?.views ?? []
  const current = all.find((view) => view.queue === queue && same(readFilters(view.filters), filters))

  const entry = (view: View) => ({
    key: view.id,
    icon: view === current ? <CheckOutlined /> : <span className={styles.blank} />,
    label: (
      <span className={styles.entry}>
        <span>{view.name}</span>
        <span className="muted">
          {terms(`queues.${view.queue}`)}
          {view.shared && (
            <>
              {' '}
              <TeamOutlined aria-label={t('views.shared')} />
            </>
          )}
        </span>
      </span>
    ),
    onClick: () => {
      if (!isQueueName(view.queue)) return
      void navigate({
        to: '/queue/$queue',
        params: { queue: view.queue },
        search: readFilters(view.filters),
      })
    },
  })
  const own = all.filter((view) => view.owner === reader?.id)
  const shared = all.filter((view) => view.owner !== reader?.id)
  const group = (key: string, label: string, views: View[]) =>
    views.length > 0 ? [{ key, type: 'group' as const, label, children: views.map(entry) }] : []
  return (
    <>
      <Dropdown
        trigger={['click']}
        menu={{
          className: styles.menu ?? '',
          items: [
            ...group('own', t('views.own'), own),
            ...group('others', t('views.others'), shared),
            ...(all.length > 0 ? [{ key: 'line', type: 'divider' as const }] : []),
            {
              key: 'manage',
              label: t('views.manage'),
              onClick: () => {
                setManaging(true)
              },
            },
          ],
        }}
      >
        <Button icon={current ? <StarFilled className={styles.star} /> : <StarOutlined />}>
          {current?.name ?? t('views.title')}
        </Button>
      </Dropdown>
      <Modal
        open={managing}
        title={t('views.title')}
        footer={null}
        destroyOnHidden
        onCancel={() => {
          setManaging(false)
        }}
      >
        <Manage
          queue={queue}
          filters={filters}
          views={all}
          onGo={() => {
            setManaging(false)
          }}
        />
      </Modal>
    </>
  )
}

function Manage({ queue, filters, views, onGo }: Props & { views: View[]; onGo: () => void }) {
  const { t } = useTranslation('staff')
  const reader = useIdentity()
  const save = useSaveView()
  const [name, setName] = useState('')
  const [share, setShare] = useState(false)
  if (!reader) return null
  return (
    <div className={styles.manage}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          const view = {
            id: crypto.randomUUID(),
            owner: reader.id,
            name: name.trim(),
            queue,
            filters: asText(filters),
            shared: share,
          }
          if (!view.name) return
          save.mutate(view, {
            onSuccess: () => {
              setName('')
              setShare(false)
            },
          })
        }}
      >
        <label className={styles.name}>
          <span>{t('views.save')}</span>
          <Input
            value={name}
            {...atMost(60)}
            placeholder={t('views.placeholder')}
            onChange={(event) => {
              setName(event.target.value)
            }}
          />
        </label>
        <Checkbox
          checked={share}
          onChange={(event) => {
            setShare(event.target.checked)
          }}
        >
          {t('views.share')}
        </Checkbox>
        <Button
          type="primary"
          htmlType="submit"
          disabled={name.trim() === ''}
          loading={save.isPending && { delay: 300 }}
        >
          {t('views.keep')}
        </Button>
      </form>
      <ProblemNotice error={save.error} />
      {views.length === 0 ? (
        <p className="muted">{t('views.none')}</p>
      ) : (
        <ul className={styles.views}>
          {views.map((view) => (
            <Kept
              key={view.id}
              view={view}
              queue={queue}
              filters={filters}
              mayChange={view.owner === reader.id || reader.role === 'lead'}
              onGo={onGo}
            />
          ))}
        </ul>
      )}
    </div>
  )
}

function Kept({
  view,
  queue,
  filters,
  mayChange,
  onGo,
}: Props & { view: View; mayChange: boolean; onGo: () => void }) {
  const { t } = useTranslation('staff')
  const { t: terms } = useTranslation('terms')
  const reader = useIdentity()
  const people = useQuery(peopleQuery)
  const save = useSaveView()
  const remove = useRemoveView()
  const mine = view.owner === reader?.id
  const owner = people.data?.people.find(({ id }) => id === view.owner)?.name ?? ''
  const differs = view.queue !== queue || !same(readFilters(view.filters), filters)
  return (
    <li className={styles.kept}>
      <span className={styles.what}>
        <Link
          to="/queue/$queue"
          params={{ queue: view.queue }}
          search={readFilters(view.filters)}
          onClick={onGo}
        >
          {view.name}
        </Link>
        <span className="muted">
          {terms(`queues.${view.queue}`)}
          {!mine && ` · ${t('views.by', { name: owner })}`}
        </span>
      </span>
      {mayChange ? (
        <span className={styles.tools}>
          {differs && (
            <Button
              size="small"
              type="link"
              onClick={() => {
                save.mutate({ ...view, queue, filters: asText(filters) })
              }}
            >
              {t('views.replace')}
            </Button>
          )}
          {mine && (
            <Tooltip title={t('views.share')}>
              <Switch
                size="small"
                checked={view.shared}
                loading={save.isPending}
                aria-label={t('views.shareOne', { name: view.name })}
                onChange={(shared) => {
                  save.mutate({ ...view, shared })
                }}
              />
            </Tooltip>
          )}
          <Button
            size="small"
            type="text"
            icon={<DeleteOutlined />}
            loading={remove.isPending && { delay: 300 }}
            aria-label={t('views.remove', { name: view.name })}
            onClick={() => {
              remove.mutate(view)
            }}
          />
        </span>
      ) : (
        <TeamOutlined aria-label={t('views.shared')} />
      )}
      <ProblemNotice error={save.error ?? remove.error} />
    </li>
  )
}
