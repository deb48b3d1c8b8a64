import type { Schemas } from './client'

/** What the templates of a reason are filled with; values of persons come masked. */
export interface ReasonParams {
  item: string
  value?: string | undefined
}

/**
 * Fills a reason's template as the server does when it writes to the merchant:
 * {name} is a parameter, and […] is a passage that is left out when one of its
 * parameters is empty, so that no sentence ends in a gap.
 */
export function fillTemplate(template: string, params: ReasonParams): string {
  const values: Record<string, string> = { '{item}': params.item, '{value}': params.value ?? '' }
  const empty = (passage: string) => [...passage.matchAll(/\{[a-z]+\}/g)].some(([name]) => !values[name])
  return template
    .replace(/\[[^\]]*\]/g, (passage) => (empty(passage) ? '' : passage.slice(1, -1)))
    .replace(/\{[a-z]+\}/g, (name) => values[name] || '–')
}

export function fillText(text: Schemas['ReasonText'], params: ReasonParams): Schemas['ReasonText'] {
  return {
    title: fillTemplate(text.title, params),
    what: fillTemplate(text.what, params),
    fix: fillTemplate(text.fix, params),
    ...(text.by && { by: fillTemplate(text.by, params) }),
  }
}

/** Whether an item holds a code of ours, which is no word to show to anybody. */
export function isCode(item: string): boolean {
  return item === 'identity.type' || item === 'bank.code'
}
