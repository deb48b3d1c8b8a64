import { useNavigate } from '@tanstack/react-router'
import type { Application } from '@/api/applications'
import { queueOf } from './case'

/** After a decision: on to the next case of the same queue. */
export function useAdvance(stage: Application['stage']): () => void {
  const navigate = useNavigate()
  return () => void navigate({ to: '/queue/$queue/next', params: { queue: queueOf(stage) } })
}
