import { useSyncExternalStore } from 'react'
import type { components } from './schema.gen'

/**
 * Some acts need the person to prove again who they are. The request that was
 * refused for lack of a proof waits here while a dialog asks; with the proof it
 * is sent again, so that a half-done action is not lost. Proofs live in this
 * module's memory only.
 */
export type Purpose = components['schemas']['StepUpPurpose']
export type Proof = components['responses']['Proof']['content']['application/json']

interface Question {
  purpose: Purpose
  answer: (proof: Proof | undefined) => void
}

let question: Question | undefined
let asked: Promise<Proof | undefined> | undefined
const proofs = new Map<Purpose, Proof>()
const listeners = new Set<() => void>()

function set(next: Question | undefined): void {
  question = next
  for (const tell of listeners) tell()
}

/** The proof that is still good for a purpose. */
export function proofFor(purpose: Purpose): string | undefined {
  const proof = proofs.get(purpose)
  if (proof && Date.parse(proof.expires) - Date.now() > 5_000) return proof.proof
  proofs.delete(purpose)
  return undefined
}

/** Asks the person; undefined when they would rather not. Two requests at once are one question. */
export async function askForProof(purpose: Purpose): Promise<string | undefined> {
  while (question && question.purpose !== purpose) await asked
  asked ??= new Promise<Proof | undefined>((answer) => {
    set({ purpose, answer })
  }).finally(() => {
    asked = undefined
  })
  return (await asked)?.proof
}

/** Settles the question of the dialog. */
export function answerProof(proof: Proof | undefined): void {
  const open = question
  if (proof) proofs.set(proof.purpose, proof)
  set(undefined)
  open?.answer(proof)
}

export function forgetProofs(): void {
  proofs.clear()
  answerProof(undefined)
}

/** What the dialog asks for now. */
export function useQuestion(): Purpose | undefined {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
    () => question?.purpose,
  )
}
