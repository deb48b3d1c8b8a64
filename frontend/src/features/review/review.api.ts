import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Application } from '@/api/applications'
import { after, api, body, type Schemas } from '@/api/client'
import { applicationKey, useCommand, type Command } from '@/api/command'
import { whyOf } from '@/api/why'

// One hook per command. Each names the application and the revision that the
// reviewer looks at; see useCommand.

export function useClaim({ id, revision }: Application): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.PUT('/v1/applications/{id}/claim', { params: { path: { id }, header } }),
  )
}

export function useRelease({ id, revision }: Application): Command<{ why?: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.DELETE('/v1/applications/{id}/claim', { params: { path: { id }, header }, body: variables }),
  )
}

export function useReassign({ id, revision }: Application): Command<{ to: string; why?: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/assignment', { params: { path: { id }, header }, body: variables }),
  )
}

export function useAcceptItems({ id, revision }: Application): Command<{ items: string[] }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/acceptances', { params: { path: { id }, header }, body: variables }),
  )
}

export function useRaiseReason({
  id,
  revision,
}: Application): Command<{ reason: string } & Schemas['RaiseReason']> {
  return useCommand(id, revision, ({ reason, ...raised }, header) =>
    api.PUT('/v1/applications/{id}/reasons/{reason}', {
      params: { path: { id, reason }, header },
      body: raised,
    }),
  )
}

export function useWithdrawReason({ id, revision }: Application): Command<{ reason: string }> {
  return useCommand(id, revision, ({ reason }, header) =>
    api.DELETE('/v1/applications/{id}/reasons/{reason}', { params: { path: { id, reason }, header } }),
  )
}

export function useAllowLateReason({ id, revision }: Application): Command<{ item: string; why: string }> {
  return useCommand(id, revision, ({ item, why }, header) =>
    api.PUT('/v1/applications/{id}/late-reasons/{item}', {
      params: { path: { id, item }, header },
      body: { why },
    }),
  )
}

export function useReturn({ id, revision }: Application): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.POST('/v1/applications/{id}/return', { params: { path: { id }, header } }),
  )
}

export function useApproveQualification({ id, revision }: Application): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.POST('/v1/applications/{id}/qualification', { params: { path: { id }, header } }),
  )
}

export function useConfirmQualification({ id, revision }: Application): Command<{ judged: number }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/qualification/confirmation', {
      params: { path: { id }, header },
      body: variables,
    }),
  )
}

export function useRefuseQualification({ id, revision }: Application): Command<{ why: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/qualification/refusal', {
      params: { path: { id }, header },
      body: variables,
    }),
  )
}

export function useRecordICPEvidence({
  id,
  revision,
}: Application): Command<{ evidence: string } & Schemas['RecordICPEvidence']> {
  return useCommand(id, revision, ({ evidence, ...record }, header) =>
    api.PUT('/v1/applications/{id}/icp/evidence/{evidence}', {
      params: { path: { id, evidence }, header },
      body: record,
    }),
  )
}

export function useVerifyICP({ id, revision }: Application): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.POST('/v1/applications/{id}/icp/verification', { params: { path: { id }, header } }),
  )
}

export function useApproveSite({
  id,
  revision,
}: Application): Command<{ checklist: Record<string, boolean> }> {
  return useCommand(id, revision, (variables, header) =>
    api.POST('/v1/applications/{id}/site/approval', { params: { path: { id }, header }, body: variables }),
  )
}

export function useOfferContract({ id, revision }: Application): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.POST('/v1/applications/{id}/contract/offer', { params: { path: { id }, header } }),
  )
}

export function useTakeBackContract({ id, revision }: Application): Command<{ why: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.POST('/v1/applications/{id}/contract/retraction', {
      params: { path: { id }, header },
      body: variables,
    }),
  )
}

export function useCountersign({ id, revision }: Application): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.PUT('/v1/applications/{id}/contract/countersignature', { params: { path: { id }, header } }),
  )
}

export function useActivate({ id, revision }: Application): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.PUT('/v1/applications/{id}/activation', { params: { path: { id }, header } }),
  )
}

export function useAddNote({ id, revision }: Application): Command<{ note: string; text: string }> {
  return useCommand(id, revision, ({ note, text }, header) =>
    api.PUT('/v1/applications/{id}/notes/{note}', { params: { path: { id, note }, header }, body: { text } }),
  )
}

export function useProposeDecline({
  id,
  revision,
}: Application): Command<{ note: string; internal?: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/decline', { params: { path: { id }, header }, body: variables }),
  )
}

export function useConfirmDecline({ id, revision }: Application): Command<{ judged: number }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/decline/confirmation', {
      params: { path: { id }, header },
      body: variables,
    }),
  )
}

export function useRefuseDecline({ id, revision }: Application): Command<{ why: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/decline/refusal', { params: { path: { id }, header }, body: variables }),
  )
}

export function useExtendDeadline({ id, revision }: Application): Command<{ due: string; why: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/deadline', { params: { path: { id }, header }, body: variables }),
  )
}

/** Other applications that share something with this one. */
export const duplicatesQuery = (id: string) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'duplicates'],
    queryFn: async ({ signal }) =>
      body(
        await api.GET('/v1/applications/{id}/duplicates', {
          params: { path: { id }, query: { why: whyOf(id) } },
          signal,
        }),
      ),
  })

export const historyQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...applicationKey(id), 'history'],
    initialPageParam: 0,
    queryFn: async ({ signal, pageParam }) =>
      body(
        await api.GET('/v1/applications/{id}/history', {
          params: { path: { id }, query: { from: pageParam, limit: 200, after: after() } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  })

/** A part of a page, as parts of its width and height. */
export interface Cover {
  page: number
  x: number
  y: number
  width: number
  height: number
  why: string
}

export function useRedact(application: Application, slot: string): Command<Cover> {
  return useCommand(application.id, application.revision, (variables, header) =>
    api.POST('/v1/applications/{id}/documents/{slot}/redaction', {
      params: { path: { id: application.id, slot: slot as Schemas['ItemKey'] }, header },
      body: variables,
    }),
  )
}
