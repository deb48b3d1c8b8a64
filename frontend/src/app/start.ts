import { refresh } from '@/api/client'
import { currentSession, end } from '@/api/session'
import { startI18n } from '@/i18n'
import { preferences } from '@/ui/preferences'
import { nonceStyles } from './nonce'

function paintScheme(): void {
  const { scheme } = preferences()
  const dark =
    scheme === 'dark' || (scheme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.scheme = dark ? 'dark' : 'light'
}

/** Everything that must be there before the first paint: colours, words, who is logged in. */
export async function start(): Promise<void> {
  nonceStyles()
  paintScheme()
  await Promise.all([startI18n(), resume()])
}

async function resume(): Promise<void> {
  try {
    await refresh('')
  } catch {
    // The server is not there; the log-in page will say so when asked.
  }
  if (currentSession().state === 'starting') end()
}
