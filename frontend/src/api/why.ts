import { useSyncExternalStore } from 'react'

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

interface Question {
  application: string
  answer: (why: string | undefined) => void
}

let question: Question | undefined
const listeners = new Set<() => void>()

function set(next: Question | undefined): void {
  question = next
  for (const tell of listeners) tell()
}

/** The shortest reason that can say anything; the server looks at more. */
export const shortestWhy = 10

/**
 * Asks why somebody who does not hold an application opens its personal data,
 * once a visit. Undefined when the person would rather not.
 */
export function askForWhy(application: string): Promise<string | undefined> {
  const known = whyOf(application)
  if (known) return Promise.resolve(known)
  question?.answer(undefined)
  return new Promise((answer) => {
    set({ application, answer })
  })
}

/** Settles the question of the dialog. */
export function answerWhy(why: string | undefined): void {
  const open = question
  if (open && why) stateWhy(open.application, why)
  set(undefined)
  open?.answer(why)
}

/** The application that the dialog asks about now. */
export function useWhyQuestion(): string | undefined {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
    () => question?.application,
  )
}
