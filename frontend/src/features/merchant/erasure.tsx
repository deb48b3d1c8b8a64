import { useNavigate } from '@tanstack/react-router'
import { Alert, App, Button, Input, Modal } from 'antd'
import { useState } from 'react'
import type { Status } from '@/api/applications'
import { perform } from '@/api/command'
import { useTranslation } from '@/i18n'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import { useErasure } from './merchant.api'
import styles from './status-page.module.css'

/** The merchant's right to have its data erased, and what that means. */
export function Erasure({ status }: { status: Status }) {
  const { t } = useTranslation('merchant')
  const { modal } = App.useApp()
  const navigate = useNavigate()
  const erase = useErasure(status.id, status.revision)
  const [asking, setAsking] = useState(false)
  const [why, setWhy] = useState('')
  return (
    <>
      <Button
        type="link"
        danger
        style={{ padding: 0 }}
        onClick={() => {
          setAsking(true)
        }}
      >
        {t('erasure.ask')}
      </Button>
      <Modal
        open={asking}
        title={t('erasure.title')}
        okText={t('erasure.confirm')}
        cancelText={t('erasure.cancel')}
        okButtonProps={{ danger: true, disabled: why.trim() === '' }}
        confirmLoading={erase.isPending}
        onCancel={() => {
          setAsking(false)
        }}
        onOk={() => {
          perform(erase, { why: why.trim() }, () => {
            setAsking(false)
            // The application is gone from every page now, this one included; what is
            // left of it is the way back.
            modal.success({ title: t('erasure.done'), content: t('erasure.doneBody') })
            void navigate({ to: '/applications/$id/restriction', params: { id: status.id }, replace: true })
          })
        }}
      >
        <Alert
          type="warning"
          showIcon
          title={t('erasure.body')}
          description={status.submitted_at ? t('erasure.kept') : t('erasure.atOnce')}
        />
        <label className={styles.erasure}>
          {t('erasure.why')}
          <Input.TextArea
            rows={2}
            {...atMost(1000)}
            value={why}
            placeholder={t('erasure.example')}
            onChange={(event) => {
              setWhy(event.target.value)
            }}
          />
        </label>
        <ProblemNotice error={erase.error} />
      </Modal>
    </>
  )
}
