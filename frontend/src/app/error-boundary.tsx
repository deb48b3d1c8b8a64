import { Button, Result } from 'antd'
import { Component, type ReactNode } from 'react'
import { useTranslation } from '@/i18n'

interface Props {
  children: ReactNode
}

/** Shows a way out when a part of the page fails, instead of a blank page. */
export class ErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    return this.state.failed ? <Failure /> : this.props.children
  }
}

/** The page's own failure. It names no detail: those may hold personal data. */
export function Failure() {
  const { t } = useTranslation()
  return (
    <Result
      status="warning"
      title={t('failure.title')}
      subTitle={t('failure.body')}
      extra={
        <Button
          type="primary"
          onClick={() => {
            location.reload()
          }}
        >
          {t('failure.reload')}
        </Button>
      }
    />
  )
}
