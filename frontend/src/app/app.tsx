import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { App as AntApp, ConfigProvider } from 'antd'
import type { Locale } from 'antd/es/locale'
import { useEffect, useLayoutEffect, useState } from 'react'
import { forgetPages } from '@/api/documents'
import { ProblemError } from '@/api/problem'
import { currentSession, subscribeSession } from '@/api/session'
import { forgetProofs } from '@/api/step-up'
import { forgetWhy } from '@/api/why'
import { StepUpDialog } from '@/features/session/step-up-dialog'
import { WhyDialog } from '@/ui/why-dialog'
import { match, useTranslation, type Language } from '@/i18n'
import { useScheme } from '@/ui/preferences'
import { ErrorBoundary } from './error-boundary'
import { nonce } from './nonce'
import { router } from './router'
import { themes } from './theme'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A refusal stays a refusal; only a lost answer is worth asking again.
      retry: (failures, error) => failures < 2 && error instanceof ProblemError && error.status === 0,
    },
  },
})

// What one person saw must not be there for the next one at the same screen.
subscribeSession(() => {
  const { state } = currentSession()
  if (state !== 'anonymous') return
  queries.clear()
  forgetPages()
  forgetWhy()
  forgetProofs()
})

const csp = nonce ? { nonce } : undefined

const packs: Record<Language, () => Promise<{ default: Locale }>> = {
  en: () => import('antd/es/locale/en_US'),
  es: () => import('antd/es/locale/es_ES'),
  'zh-CN': () => import('antd/es/locale/zh_CN'),
}

function useAntLocale(): Locale | undefined {
  const { i18n } = useTranslation()
  const [locale, setLocale] = useState<Locale>()
  useEffect(() => {
    let current = true
    void packs[match(i18n.language) ?? 'en']().then((pack) => {
      if (current) setLocale(pack.default)
    })
    return () => {
      current = false
    }
  }, [i18n.language])
  return locale
}

export function App() {
  const scheme = useScheme()
  const locale = useAntLocale()
  useLayoutEffect(() => {
    document.documentElement.dataset.scheme = scheme
    document.documentElement.style.colorScheme = scheme
  }, [scheme])
  return (
    <ConfigProvider
      theme={themes[scheme]}
      {...(locale && { locale })}
      {...(csp && { csp })}
      button={{ autoInsertSpace: false }}
    >
      <AntApp component={false}>
        <QueryClientProvider client={queries}>
          <ErrorBoundary>
            <RouterProvider router={router} />
            <StepUpDialog />
            <WhyDialog />
          </ErrorBoundary>
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>
  )
}
