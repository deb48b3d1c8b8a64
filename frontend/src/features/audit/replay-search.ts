export const tabs = ['changes', 'application', 'status', 'record', 'accesses', 'looks'] as const
export type Tab = (typeof tabs)[number]

/** Which moment is shown, compared with which, in which view; a link shows the same. */
export interface ReplaySearch {
  at?: number
  base?: number
  tab?: Tab
}

function revision(value: unknown): number | undefined {
  const number = Number(value)
  return value !== undefined && value !== '' && Number.isInteger(number) && number >= 0 ? number : undefined
}

export function readReplaySearch(search: Record<string, unknown>): ReplaySearch {
  const at = revision(search.at)
  const base = revision(search.base)
  const tab = tabs.find((each) => each === search.tab)
  return { ...(at !== undefined && { at }), ...(base !== undefined && { base }), ...(tab && { tab }) }
}
