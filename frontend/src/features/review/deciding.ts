import { useQuery } from '@tanstack/react-query'
import { actionsQuery, type Application } from '@/api/applications'

/** What every panel of the rail is given. */
export interface PanelProps {
  application: Application
  mine: boolean
  /** Reloads the case and shows what others did. */
  onSee: () => void
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
