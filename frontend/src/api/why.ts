/**
 * Why an auditor opens an application whose merchant asked for erasure. Each
 * reason lives in this module's memory for one visit: it is asked for again at
 * the next, and is stored nowhere but in the record of the look.
 */
const reasons = new Map<string, string>()

/** The code with which the server asks for a reason. */
export const whyRequired = 'why-required'

/** The reason stated at this visit, if any. */
export function whyOf(application: string): string | undefined {
  return reasons.get(application)
}

export function stateWhy(application: string, why: string): void {
  reasons.set(application, why)
}

/** Ends a visit; without an application, all of them. */
export function forgetWhy(application?: string): void {
  if (application === undefined) reasons.clear()
  else reasons.delete(application)
}
