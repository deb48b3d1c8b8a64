import { useIdentity } from '@/api/session'
import { useTranslation } from '@/i18n'
import { useNow } from '@/ui/now'
import { ClaimPanel, Release } from './claim-panel'
import { ContractPanel } from './contract-panel'
import { DeclinePanel } from './decline-panel'
import { heldByOther } from './case'
import type { PanelProps } from './deciding'
import styles from './decision-panel.module.css'
import { ICPPanel } from './icp-panel'
import { LeadPanel } from './lead-panel'
import { Panel } from './panel'
import { QualificationPanel } from './qualification-panel'
import { SecondPanel } from './second-panel'
import { WebsitePanel } from './website-panel'

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
