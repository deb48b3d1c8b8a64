import { useQuery } from '@tanstack/react-query'
import { actionsQuery, type Application } from '@/api/applications'
import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useNow } from '@/ui/now'
import { ClaimPanel, Release } from './claim-panel'
import { ContractPanel } from './contract-panel'
import { DeclinePanel } from './decline-panel'
import { heldByOther } from './case'
import styles from './decision-panel.module.css'
import { ICPPanel } from './icp-panel'
import { LeadPanel } from './lead-panel'
import { Panel } from './panel'
import { QualificationPanel } from './qualification-panel'
import { SecondPanel } from './second-panel'
import { WebsitePanel } from './website-panel'

export interface PanelProps {
  application: Application
  mine: boolean
  /** Reloads the case and shows what others did. */
  onSee: () => void
}

/** What the reader can decide at the stage where the application stands. */
export function DecisionPanel(props: PanelProps) {
  const { application } = props
  const reader = useIdentity()
  const now = useNow()
  const judge = reader?.role === 'reviewer' || reader?.role === 'lead'
  return (
    <>
      {judge && !props.mine && <ClaimPanel {...props} held={heldByOther(application, reader, now)} />}
      <StagePanel {...props} />
      {judge && (
        <div className={styles.minor}>
          {props.mine && <Release {...props} />}
          <DeclinePanel {...props} />
          {reader?.role === 'lead' && <LeadPanel {...props} />}
        </div>
      )}
    </>
  )
}

function StagePanel(props: PanelProps) {
  const { t } = useTranslation('staff')
  const { application } = props
  switch (application.stage) {
    case 'qualification':
      return <QualificationPanel {...props} />
    case 'second_approval':
      return <SecondPanel {...props} />
    case 'icp':
      return <ICPPanel {...props} />
    case 'website':
      return <WebsitePanel {...props} />
    case 'contract':
    case 'signature':
    case 'countersignature':
    case 'activation':
    case 'active':
      return <ContractPanel {...props} />
    case 'draft':
    case 'correction':
    case 'withdrawn':
    case 'declined':
    case 'expired':
      return (
        <Panel title={t(`waiting.${application.stage}.title`)}>
          <p>{t(`waiting.${application.stage}.body`)}</p>
        </Panel>
      )
  }
}

/** Why the server would refuse an action now; undefined where it would not. */
export function useHindrance(
  application: Application,
  action: string,
): { code: string; detail?: string } | undefined {
  const { data } = useQuery(actionsQuery(application.id, application.revision))
  const found = data?.actions.find((each) => each.action === action)
  if (!found || found.allowed) return undefined
  return { code: found.code ?? '', ...(found.detail && { detail: found.detail }) }
}
