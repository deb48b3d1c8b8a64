import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Alert } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from '@/i18n'
import { Loading } from '@/ui/loading'
import { OutsidePage } from '@/ui/outside-page'
import { ProblemNotice } from '@/ui/problem-notice'
import { finishOIDC } from './session.api'

export interface ProviderAnswer {
  state?: string
  code?: string
  error?: string
}

/** Where the identity provider sends the browser back to. */
export function ProviderPage({ answer }: { answer: ProviderAnswer }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  // The code works once, but it still leaves the address bar and the history.
  const [{ state, code }] = useState(answer)
  const begun = useRef(false)
  const finish = useMutation({
    networkMode: 'always',
    mutationFn: ({ state, code }: { state: string; code: string }) => finishOIDC(state, code),
    onSuccess: () => navigate({ to: '/', replace: true }),
  })
  const { mutate } = finish
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    void navigate({ to: '/oidc', search: {}, replace: true })
    if (state && code) mutate({ state, code })
  }, [state, code, mutate, navigate])
  const refused = !state || !code
  return (
    <OutsidePage title={t('provider.title')}>
      {refused && <Alert type="warning" showIcon role="alert" title={t('provider.refused')} />}
      <ProblemNotice error={finish.error} />
      {!refused && !finish.error && <Loading rows={2} />}
      {(refused || finish.error) && (
        <p style={{ marginTop: 24 }}>
          <Link to="/login">{t('login.back')}</Link>
        </p>
      )}
    </OutsidePage>
  )
}
