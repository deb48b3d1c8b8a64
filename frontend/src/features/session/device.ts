// The first that fits counts: each browser also names the ones it descends from.
const browsers = [
  ['Edge', /\bEdg\w*\//],
  ['Opera', /\bOPR\//],
  ['WeChat', /\bMicroMessenger\//],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /\b(HeadlessChrome|Chrome|CriOS)\//],
  ['Safari', /\bSafari\//],
] as const
const systems = [
  ['HarmonyOS', /HarmonyOS|OpenHarmony/],
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['Windows', /Windows/],
  ['macOS', /Macintosh/],
  ['Linux', /Linux/],
] as const

function named(names: readonly (readonly [string, RegExp])[], agent: string): string | undefined {
  return names.find(([, pattern]) => pattern.test(agent))?.[0]
}

/** What somebody calls the device that a browser describes: "Firefox · Windows". */
export function device(agent: string | undefined): string | undefined {
  if (!agent?.startsWith('Mozilla/')) return agent
  const parts = [named(browsers, agent), named(systems, agent)].filter((part) => part !== undefined)
  return parts.length > 0 ? parts.join(' · ') : agent
}
