import type { Schemas } from '@/api/client'
import type { Tone } from './status-tag'

/** The colour of a stage: whose turn it is, and how it ended. */
export function stageTone(stage: Schemas['Stage']): Tone {
  switch (stage) {
    case 'draft':
    case 'withdrawn':
    case 'expired':
      return 'calm'
    case 'correction':
    case 'signature':
      return 'warn'
    case 'active':
      return 'good'
    case 'declined':
      return 'bad'
    case 'qualification':
    case 'second_approval':
    case 'icp':
    case 'website':
    case 'contract':
    case 'countersignature':
    case 'activation':
      return 'active'
  }
}
