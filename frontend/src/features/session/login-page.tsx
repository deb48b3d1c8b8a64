import { Link, useNavigate, useRouter } from '@tanstack/react-router'
import { useTranslation } from '@/i18n'
import { OutsidePage } from '@/ui/outside-page'
import { LoginForm } from './login-form'
import styles from './login-page.module.css'
import { ProviderButton } from './provider-button'

const steps = ['register', 'information', 'review', 'website', 'contract'] as const

export function LoginPage({ next }: { next: string | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const router = useRouter()
  return (
    <OutsidePage
      title={t('login.title')}
      aside={
        <>
          <p className={styles.promise}>{t('login.promise')}</p>
          <ol className={styles.steps}>
            {steps.map((step, index) => (
              <li key={step}>
                <span className={styles.number} aria-hidden="true">
                  {index + 1}
                </span>
                <span>
                  <strong>{t(`login.steps.${step}.title`)}</strong>
                  <span>{t(`login.steps.${step}.body`)}</span>
                </span>
              </li>
            ))}
          </ol>
        </>
      }
    >
      <LoginForm
        onDone={() => {
          if (next) router.history.replace(next)
          else void navigate({ to: '/', replace: true })
        }}
      />
      <ProviderButton />
      <p className={styles.forgot}>
        <Link to="/forgot">{t('login.forgot')}</Link>
      </p>
      <p className={styles.register}>
        {t('login.newHere')} <Link to="/register">{t('login.register')}</Link>
      </p>
    </OutsidePage>
  )
}
