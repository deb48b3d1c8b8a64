import { Alert, Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import { usePersonName } from '@/api/reference'
import { useIdentity } from '@/api/session'
import { languages, useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { atMost } from '@/ui/text'
import { useHindrance, type PanelProps } from './deciding'
import { Hindrance } from './hindrance'
import { Facts, Panel } from './panel'
import { useConfirmDecline, useProposeDecline, useRefuseDecline } from './review.api'
import { WhyForm } from './why-form'

const over = ['active', 'withdrawn', 'declined', 'expired', 'draft']

/** Declining for good takes two people; it is never the easy way out. */
export function DeclinePanel(props: PanelProps) {
  const { application } = props
  if (over.includes(application.stage)) return null
  return application.decline ? <Second {...props} /> : <First {...props} />
}

function First({ application, mine, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const propose = useProposeDecline(application)
  const [open, setOpen] = useState(false)
  const [note, setNote] = useState('')
  const [internal, setInternal] = useState('')
  if (!mine) return null
  return (
    <div>
      <Button
        type="link"
        danger
        size="small"
        onClick={() => {
          setOpen(true)
        }}
      >
        {t('decline.propose')}
      </Button>
      <Modal
        open={open}
        title={t('decline.title')}
        okText={t('decline.submit')}
        cancelText={t('why.cancel')}
        okButtonProps={{ danger: true, disabled: note.trim() === '' }}
        confirmLoading={propose.isPending}
        onCancel={() => {
          setOpen(false)
        }}
        onOk={() => {
          perform(
            propose,
            { note: note.trim(), ...(internal.trim() && { internal: internal.trim() }) },
            () => {
              setOpen(false)
            },
          )
        }}
      >
        <p>{t('decline.lead')}</p>
        <label style={{ display: 'block', marginTop: 12 }}>
          {t('decline.note', { language: languages[application.language] })}
          <Input.TextArea
            rows={3}
            {...atMost(2000)}
            value={note}
            onChange={(event) => {
              setNote(event.target.value)
            }}
          />
        </label>
        <label style={{ display: 'block', margin: '12px 0' }}>
          {t('reasons.internal')}
          <Input.TextArea
            rows={2}
            {...atMost(2000)}
            value={internal}
            onChange={(event) => {
              setInternal(event.target.value)
            }}
          />
        </label>
        <ProblemNotice error={propose.error} onSee={onSee} />
      </Modal>
    </div>
  )
}

function Second({ application, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const name = usePersonName()
  const format = useFormats()
  const reader = useIdentity()
  const confirm = useConfirmDecline(application)
  const refuse = useRefuseDecline(application)
  const hindrance = useHindrance(application, 'confirmDecline')
  const [refusing, setRefusing] = useState(false)
  const { decline } = application
  if (!decline) return null
  const own = decline.by.id === reader?.id
  return (
    <Panel title={t('decline.pending')}>
      <Facts
        facts={[
          [t('second.by'), name(decline.by)],
          [t('second.at'), format.moment(decline.at)],
          [t('decline.forMerchant'), decline.note ?? '–'],
          ...(decline.internal ? [[t('decline.inHouse'), decline.internal] as const] : []),
        ]}
      />
      {own ? (
        <Alert type="info" title={t('decline.own')} />
      ) : (
        <>
          <Hindrance why={hindrance} />
          <ProblemNotice error={confirm.error ?? refuse.error} onSee={onSee} />
          {refusing ? (
            <WhyForm
              label={t('decline.refuseWhy')}
              button={t('decline.refuse')}
              busy={refuse.isPending}
              onCancel={() => {
                setRefusing(false)
              }}
              onSubmit={(why) => {
                refuse.mutate({ why })
              }}
            />
          ) : (
            <>
              <Button
                danger
                type="primary"
                disabled={hindrance !== undefined}
                loading={confirm.isPending && { delay: 300 }}
                onClick={() => {
                  confirm.mutate({ judged: decline.judged })
                }}
              >
                {t('decline.confirm')}
              </Button>
              <Button
                onClick={() => {
                  setRefusing(true)
                }}
              >
                {t('decline.refuse')}
              </Button>
            </>
          )}
        </>
      )}
    </Panel>
  )
}
