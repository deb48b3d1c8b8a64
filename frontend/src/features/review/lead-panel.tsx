import { useQuery } from '@tanstack/react-query'
import { Button, DatePicker, Input, Select } from 'antd'
import type { Dayjs } from 'dayjs'
import { useState } from 'react'
import { perform } from '@/api/command'
import { peopleQuery, usePersonName } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { ProblemNotice } from '@/ui/problem-notice'
import { PersonText } from '@/ui/person-text'
import { atMost } from '@/ui/text'
import type { PanelProps } from './deciding'
import styles from './lead-panel.module.css'
import { useExtendDeadline, useReassign } from './review.api'

/** What only a lead does: give the case to somebody, give it more time. */
export function LeadPanel({ application, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const [open, setOpen] = useState<'assign' | 'extend'>()
  const name = usePersonName()
  const format = useFormats()
  const skips = application.skips ?? []
  return (
    <div className={styles.lead}>
      {skips.length > 0 && (
        <div className={styles.skips}>
          <strong>{t('lead.skips')}</strong>
          <ul>
            {skips.map((skip) => (
              <li key={`${skip.by.id}${skip.at}`}>
                <span className="muted">
                  {t('lead.skip', { name: name(skip.by), when: format.moment(skip.at) })}
                </span>
                <br />
                {skip.why && <PersonText>{skip.why}</PersonText>}
              </li>
            ))}
          </ul>
        </div>
      )}
      <span className={styles.links}>
        <Button
          type="link"
          size="small"
          onClick={() => {
            setOpen(open === 'assign' ? undefined : 'assign')
          }}
        >
          {t('lead.assign')}
        </Button>
        {application.deadline && (
          <Button
            type="link"
            size="small"
            onClick={() => {
              setOpen(open === 'extend' ? undefined : 'extend')
            }}
          >
            {t('lead.extend')}
          </Button>
        )}
      </span>
      {open === 'assign' && (
        <Assign
          application={application}
          onSee={onSee}
          onDone={() => {
            setOpen(undefined)
          }}
        />
      )}
      {open === 'extend' && (
        <Extend
          application={application}
          onSee={onSee}
          onDone={() => {
            setOpen(undefined)
          }}
        />
      )}
    </div>
  )
}

type FormProps = Pick<PanelProps, 'application' | 'onSee'> & { onDone: () => void }

function Assign({ application, onSee, onDone }: FormProps) {
  const { t } = useTranslation('staff')
  const { data } = useQuery(peopleQuery)
  const reassign = useReassign(application)
  const [to, setTo] = useState<string>()
  const reviewers =
    data?.people.filter((person) => person.role === 'reviewer' || person.role === 'lead') ?? []
  return (
    <div className={styles.form}>
      <Select
        aria-label={t('lead.to')}
        placeholder={t('lead.to')}
        {...(to && { value: to })}
        onChange={setTo}
        options={reviewers.map((person) => ({
          value: person.id,
          label: person.away ? t('lead.isAway', { name: person.name }) : person.name,
          disabled: person.away ?? false,
        }))}
      />
      <ProblemNotice error={reassign.error} onSee={onSee} />
      <Button
        disabled={!to}
        loading={reassign.isPending && { delay: 300 }}
        onClick={() => {
          if (to) perform(reassign, { to }, onDone)
        }}
      >
        {t('lead.assign')}
      </Button>
    </div>
  )
}

function Extend({ application, onSee, onDone }: FormProps) {
  const { t } = useTranslation('staff')
  const extend = useExtendDeadline(application)
  const [due, setDue] = useState<Dayjs | null>(null)
  const [why, setWhy] = useState('')
  return (
    <div className={styles.form}>
      <DatePicker
        showTime={{ format: 'HH:mm' }}
        aria-label={t('lead.until')}
        placeholder={t('lead.until')}
        value={due}
        onChange={setDue}
      />
      <Input
        aria-label={t('lead.why')}
        placeholder={t('lead.why')}
        {...atMost(1000)}
        value={why}
        onChange={(event) => {
          setWhy(event.target.value)
        }}
      />
      <ProblemNotice error={extend.error} onSee={onSee} />
      <Button
        disabled={!due || why.trim() === ''}
        loading={extend.isPending && { delay: 300 }}
        onClick={() => {
          if (due) perform(extend, { due: due.toISOString(), why: why.trim() }, onDone)
        }}
      >
        {t('lead.extend')}
      </Button>
    </div>
  )
}
