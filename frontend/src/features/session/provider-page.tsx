import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Alert } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from '@/i18n'
import { Loading } from '@/ui/loading'
import { OutsidePage } from '@/ui/outside-page'
import { ProblemNotice } from '@/ui/problem-notice'
import { finishOIDC, stepUpChannel } from './session.api'

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
  // The window that StepUpDialog opened: the page that waits for it goes on.
  const isStepUp = state?.startsWith('step-up.') ?? false
  const finish = useMutation({
    networkMode: 'always',
    mutationFn: ({ state, code }: { state: string; code: string }) => finishOIDC(state, code),
    onSuccess: () => navigate({ to: '/', replace: true }),
  })
  const { mutate } = finish
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    if (isStepUp) {
      const channel = new BroadcastChannel(stepUpChannel)
      channel.postMessage({ state, code })
      channel.close()
      window.close()
      return
    }
    void navigate({ to: '/oidc', search: {}, replace: true })
    if (state && code) mutate({ state, code })
  }, [state, code, isStepUp, mutate, navigate])
  if (isStepUp) {
    return (
      <OutsidePage title={t('stepUp.title')}>
        <p role="status">{t('stepUp.close')}</p>
      </OutsidePage>
    )
  }
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
