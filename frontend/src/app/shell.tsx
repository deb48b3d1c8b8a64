import { LogoutOutlined, MenuOutlined, UserOutlined } from '@ant-design/icons'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { Button, Drawer, Dropdown } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { api } from '@/api/client'
import { end, useIdentity, useSession, type Role } from '@/api/session'
import { ReloginDialog } from '@/features/session/relogin-dialog'
import { useTranslation } from '@/i18n'
import { Wordmark } from '@/ui/brand'
import { useKeys } from '@/ui/keys'
import { MailServerNotice } from '@/ui/mail-server-notice'
import { LanguageSwitch, SchemeSwitch } from '@/ui/switches'
import { ErrorBoundary } from './error-boundary'
import { KeySheet } from './key-sheet'
import styles from './shell.module.css'

// Seen once in the life of an account; its codes are drawn by a library of their own.
const EnrolPage = lazy(async () => {
  const page = await import('@/features/session/enrol-page')
  return { default: page.EnrolPage }
})

type Place =
  | '/queue'
  | '/samples'
  | '/search'
  | '/team'
  | '/audit'
  | '/statistics'
  | '/applications'
  | '/applications/new'
  | '/account'

/** Where each role can go. */
const places: Record<
  Role,
  {
    to: Place
    label:
      | 'queue'
      | 'search'
      | 'samples'
      | 'team'
      | 'audit'
      | 'statistics'
      | 'mine'
      | 'merchants'
      | 'add'
      | 'account'
  }[]
> = {
  reviewer: [
    { to: '/queue', label: 'queue' },
    { to: '/search', label: 'search' },
    { to: '/samples', label: 'samples' },
    { to: '/statistics', label: 'statistics' },
  ],
  lead: [
    { to: '/queue', label: 'queue' },
    { to: '/search', label: 'search' },
    { to: '/samples', label: 'samples' },
    { to: '/team', label: 'team' },
    { to: '/audit', label: 'audit' },
    { to: '/statistics', label: 'statistics' },
  ],
  auditor: [
    { to: '/audit', label: 'audit' },
    { to: '/statistics', label: 'statistics' },
  ],
  merchant: [{ to: '/applications', label: 'mine' }],
  agent: [
    { to: '/applications', label: 'merchants' },
    { to: '/applications/new', label: 'add' },
  ],
  admin: [
    { to: '/team', label: 'team' },
    { to: '/statistics', label: 'statistics' },
    { to: '/account', label: 'account' },
  ],
  system: [],
}

function Navigation({ role, onGo }: { role: Role; onGo?: () => void }) {
  const { t } = useTranslation()
  return (
    <nav aria-label={t('shell.navigation')} className={styles.nav}>
      {places[role].map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          className={styles.place}
          activeProps={{ className: styles.here, 'aria-current': 'page' }}
          activeOptions={{ exact: to === '/applications' }}
          onClick={onGo}
        >
          {t(`nav.${label}`)}
        </Link>
      ))}
    </nav>
  )
}

export function Shell() {
  const { t } = useTranslation()
  const { t: terms } = useTranslation('terms')
  const identity = useIdentity()
  const session = useSession()
  const expired = session.state === 'expired'
  const mustEnrol = session.state === 'active' && session.mustEnrol
  const navigate = useNavigate()
  const [menu, setMenu] = useState(false)
  const [sheet, setSheet] = useState(false)
  const staff = identity?.role === 'reviewer' || identity?.role === 'lead'
  const group = t('keys.general')
  useKeys([
    {
      keys: 'Shift+?',
      label: t('keys.sheet'),
      group,
      run: () => {
        setSheet(true)
      },
    },
    {
      keys: 'KeyG KeyQ',
      label: t('keys.goQueue'),
      group,
      disabled: !staff,
      run: () => void navigate({ to: '/queue' }),
    },
    {
      keys: 'KeyG KeyS',
      label: t('keys.goSearch'),
      group,
      disabled: !staff,
      run: () => void navigate({ to: '/search' }),
    },
  ])
  if (!identity) return null
  if (mustEnrol) {
    return (
      <Suspense>
        <EnrolPage />
      </Suspense>
    )
  }

  async function logOut() {
    await api.POST('/v1/auth/logout').catch(() => undefined)
    end()
    await navigate({ to: '/login', search: {} })
  }

  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#main">
        {t('shell.skip')}
      </a>
      <header className={styles.bar}>
        <Button
          className={styles.burger}
          type="text"
          icon={<MenuOutlined />}
          aria-label={t('shell.menu')}
          onClick={() => {
            setMenu(true)
          }}
        />
        <Link to="/" className={styles.brand} aria-label={t('shell.home')}>
          <Wordmark />
        </Link>
        <div className={styles.wide}>
          <Navigation role={identity.role} />
        </div>
        <div className={styles.tools}>
          <span className={styles.wide}>
            <LanguageSwitch />
          </span>
          <SchemeSwitch />
          <Dropdown
            trigger={['click']}
            menu={{
              items: [
                {
                  key: 'account',
                  icon: <UserOutlined />,
                  label: <Link to="/account">{t('nav.account')}</Link>,
                },
                {
                  key: 'logout',
                  icon: <LogoutOutlined />,
                  label: t('shell.logout'),
                  onClick: () => void logOut(),
                },
              ],
            }}
          >
            <button type="button" className={styles.person}>
              <span className={styles.initial} aria-hidden="true">
                {[...identity.name][0] ?? '?'}
              </span>
              <span className={styles.wide}>
                <span className={styles.name}>{identity.name}</span>
                <span className={styles.role}>{terms(`roles.${identity.role}`)}</span>
              </span>
              <span className="visually-hidden">{t('shell.personMenu')}</span>
            </button>
          </Dropdown>
        </div>
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>
        {(identity.role === 'lead' || identity.role === 'admin') && <MailServerNotice />}
        <ErrorBoundary>
          <Outlet />
        </ErrorBoundary>
      </main>
      <Drawer
        open={menu}
        placement="left"
        size={280}
        title={<Wordmark />}
        onClose={() => {
          setMenu(false)
        }}
      >
        <Navigation
          role={identity.role}
          onGo={() => {
            setMenu(false)
          }}
        />
        <div className={styles.drawerTools}>
          <LanguageSwitch />
        </div>
      </Drawer>
      <KeySheet
        open={sheet}
        onClose={() => {
          setSheet(false)
        }}
      />
      {expired && <ReloginDialog email={identity.email} />}
    </div>
  )
}
