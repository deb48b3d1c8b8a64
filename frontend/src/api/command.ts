import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query'
import { useRef } from 'react'
import { noteWrite } from './client'
import { toProblem, unreachable, type ProblemError } from './problem'

/** The headers of a command: which act it is, and which revision was looked at. */
export interface CommandHeaders {
  'Idempotency-Key': string
  'If-Match': string
}

interface Answer {
  data?: unknown
  error?: unknown
  response: Response
}

/** Where everything about one application lies in the query cache. */
export const applicationKey = (id: string) => ['application', id] as const
/** Where the lists lie in the query cache. */
export const listsKey = ['lists'] as const

export type Command<V> = UseMutationResult<unknown, ProblemError, V>

/**
 * Does a command and then something else. A callback of mutate would be lost
 * where the command's own result takes its button off the page, as every
 * decision does.
 */
export function perform<V>(command: Command<V>, variables: V, then: () => unknown): void {
  command.mutateAsync(variables).then(then, () => {
    // The refusal is in command.error, and is shown beside the button.
  })
}

/**
 * One command on an application. It names the revision the person looked at, so
 * a decision on something that changed meanwhile is refused. It is never shown
 * as done before the server has recorded it. When the answer was lost, the same
 * act is sent again under the same key and therefore happens once.
 */
export function useCommand<V>(
  id: string,
  revision: number,
  send: (variables: V, headers: CommandHeaders) => Promise<Answer>,
): Command<V> {
  return useAct(id, String(revision), (variables: V, key) =>
    send(variables, { 'Idempotency-Key': key, 'If-Match': `"${revision}"` }),
  )
}

/**
 * One step of filling something in: it changes only what it names, so it needs
 * no revision, and several of them are sent one after the other.
 */
export function useDraftCommand<V>(
  id: string,
  send: (variables: V, headers: Pick<CommandHeaders, 'Idempotency-Key'>) => Promise<Answer>,
): Command<V> {
  return useAct(id, '', (variables: V, key) => send(variables, { 'Idempotency-Key': key }), true)
}

function useAct<V>(
  id: string,
  looked: string,
  send: (variables: V, key: string) => Promise<Answer>,
  serial = false,
): Command<V> {
  const queries = useQueryClient()
  const attempt = useRef<{ act: string; key: string }>(undefined)
  return useMutation<unknown, ProblemError, V>({
    retry: false,
    ...(serial && { scope: { id: `draft-${id}` } }),
    // A lost answer is found by sending the act again, not by waiting for the
    // browser to believe it is online.
    networkMode: 'always',
    mutationFn: async (variables) => {
      const act = JSON.stringify([looked, variables], describeFile)
      const lost = attempt.current
      const key = lost?.act === act ? lost.key : crypto.randomUUID()
      attempt.current = { act, key }
      let answer: Answer
      try {
        answer = await send(variables, key)
      } catch (cause) {
        const problem = toProblem(cause)
        if (problem.code !== unreachable) attempt.current = undefined
        throw problem
      }
      attempt.current = undefined
      if (!answer.response.ok) throw toProblem(answer.error, answer.response.status)
      noteWrite(answer.response)
      return answer.data
    },
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: applicationKey(id) }),
        queries.invalidateQueries({ queryKey: listsKey }),
      ])
    },
  })
}

// A file is the same act again when it is the same file.
function describeFile(_: string, value: unknown): unknown {
  return value instanceof File ? [value.name, value.size, value.lastModified] : value
}
