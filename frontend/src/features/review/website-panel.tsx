import { Checkbox } from 'antd'
import { useState } from 'react'
import { perform } from '@/api/command'
import { reveal } from '@/api/applications'
import { useWords } from '@/api/reference'
import { useTranslation } from '@/i18n'
import { useFormats } from '@/i18n/format'
import { MaskedValue } from '@/ui/masked-value'
import { ProblemNotice } from '@/ui/problem-notice'
import { openReasons } from './case'
import { DecideButton } from './decide-button'
import { useHindrance, type PanelProps } from './deciding'
import { Hindrance } from './hindrance'
import { Facts, Panel } from './panel'
import { ReturnButton } from './return-button'
import { useApproveSite } from './review.api'
import { useAdvance } from './use-advance'
import styles from './website-panel.module.css'

/** The walk through the merchant's site: every requirement ticked, or a reason. */
export function WebsitePanel({ application, mine, onSee }: PanelProps) {
  const { t } = useTranslation('staff')
  const words = useWords()
  const format = useFormats()
  const approve = useApproveSite(application)
  const advance = useAdvance(application.stage)
  const hindrance = useHindrance(application, 'approveSite')
  const [ticked, setTicked] = useState<Record<string, boolean>>({})
  const requirements = words.reference?.site_requirements ?? []
  const done = requirements.filter((requirement) => ticked[requirement.id]).length
  const reasons = openReasons(application)
  const { site } = application
  // The refusal that asks for the ticks is answered by the ticks themselves.
  const other = hindrance?.code === 'site-checklist' ? undefined : hindrance
  if (!site) {
    return (
      <Panel title={t('website.title')}>
        <p>{t('website.undeclared')}</p>
      </Panel>
    )
  }
  const address = safeAddress(site.url)
  return (
    <Panel title={t('website.title')}>
      <Facts
        facts={[
          [
            t('website.url'),
            address ? (
              <a
                key="u"
                href={address}
                target="_blank"
                rel="noopener noreferrer"
                referrerPolicy="no-referrer"
              >
                {site.url}
              </a>
            ) : (
              site.url
            ),
          ],
          [
            t('website.account'),
            <MaskedValue
              key="a"
              label={t('website.account')}
              masked="••••••"
              mono
              reveal={
                mine
                  ? async () => {
                      const values = await reveal(application.id, ['site.test_account'], t('website.why'))
                      const [user = '', password = ''] = (values['site.test_account'] ?? '').split('\n')
                      return `${user} / ${password}`
                    }
                  : undefined
              }
            />,
          ],
          ...(site.guide
            ? [
                [
                  t('website.guide'),
                  <span key="g" className={styles.guide}>
                    {site.guide}
                  </span>,
                ] as const,
              ]
            : []),
          [t('website.declared'), format.moment(site.declared_at)],
        ]}
      />
      <h3>{t('website.checklist')}</h3>
      <ul className={styles.list}>
        {requirements.map((requirement) => (
          <li key={requirement.id}>
            <Checkbox
              disabled={!mine}
              checked={ticked[requirement.id] ?? site.checklist?.[requirement.id] ?? false}
              onChange={(event) => {
                setTicked({ ...ticked, [requirement.id]: event.target.checked })
              }}
            >
              {words.pick(requirement.label)}
            </Checkbox>
          </li>
        ))}
      </ul>
      <p className="muted">{t('website.otherwise')}</p>
      {mine && done === requirements.length && <Hindrance why={other} />}
      <ProblemNotice error={approve.error} onSee={onSee} />
      {reasons.length > 0 ? (
        <ReturnButton application={application} mine={mine} onSee={onSee} />
      ) : (
        <DecideButton
          label={t('website.approve')}
          busy={approve.isPending}
          disabled={!mine || done < requirements.length || other !== undefined}
          onDecide={(next) => {
            perform(approve, { checklist: ticked }, () => {
              if (next) advance()
            })
          }}
        />
      )}
      {mine && reasons.length === 0 && done < requirements.length && (
        <p className="muted">{t('website.left', { count: requirements.length - done })}</p>
      )}
    </Panel>
  )
}

// A merchant typed this address: only http and https ever become a link.
function safeAddress(url: string): string | undefined {
  try {
    const parsed = new URL(url)
    return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed.href : undefined
  } catch {
    return undefined
  }
}
