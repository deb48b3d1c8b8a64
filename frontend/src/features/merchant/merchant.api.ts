import { queryOptions } from '@tanstack/react-query'
import { api, body, type Schemas } from '@/api/client'
import { applicationKey, useCommand, useDraftCommand, type Command } from '@/api/command'

export function useSwitchKind(id: string): Command<{ kind: Schemas['Kind'] }> {
  return useDraftCommand(id, (variables, header) =>
    api.PUT('/v1/applications/{id}/kind', { params: { path: { id }, header }, body: variables }),
  )
}

export function useChooseProducts(id: string): Command<Schemas['Products']> {
  return useDraftCommand(id, (variables, header) =>
    api.PUT('/v1/applications/{id}/products', { params: { path: { id }, header }, body: variables }),
  )
}

export function useFillDetails(id: string): Command<Record<string, string>> {
  return useDraftCommand(id, (values, header) =>
    api.PUT('/v1/applications/{id}/details', { params: { path: { id }, header }, body: { values } }),
  )
}

export function useUpload(id: string): Command<{ slot: string; file: File }> {
  return useDraftCommand(id, ({ slot, file }, header) =>
    api.PUT('/v1/applications/{id}/documents/{slot}', {
      params: { path: { id, slot }, header },
      headers: { 'Content-Type': file.type || 'application/octet-stream' },
      body: file as never,
      bodySerializer: () => file,
    }),
  )
}

export function useRemoveDocument(id: string): Command<{ slot: string }> {
  return useDraftCommand(id, ({ slot }, header) =>
    api.DELETE('/v1/applications/{id}/documents/{slot}', { params: { path: { id, slot }, header } }),
  )
}

export function useMoveDocument(id: string): Command<{ slot: string; to: string }> {
  return useDraftCommand(id, ({ slot, to }, header) =>
    api.POST('/v1/applications/{id}/documents/{slot}/move', {
      params: { path: { id, slot }, header },
      body: { to },
    }),
  )
}

export function useConsent(id: string): Command<{
  consent: 'privacy' | 'financial_account'
  version: string
  sha256: string
  language: Schemas['Language']
}> {
  return useDraftCommand(id, ({ consent, ...text }, header) =>
    api.PUT('/v1/applications/{id}/consents/{consent}', {
      params: { path: { id, consent }, header },
      body: text,
    }),
  )
}

export function useConsentWithdrawal(id: string): Command<{ consent: 'privacy' | 'financial_account' }> {
  return useDraftCommand(id, ({ consent }, header) =>
    api.DELETE('/v1/applications/{id}/consents/{consent}', {
      params: { path: { id, consent }, header },
    }),
  )
}

export function useCorrect(id: string): Command<{ item: string; value?: string; statement?: string }> {
  return useDraftCommand(id, ({ item, ...change }, header) =>
    api.PUT('/v1/applications/{id}/corrections/{item}', {
      params: { path: { id, item }, header },
      body: change,
    }),
  )
}

export function useSubmit(id: string, revision: number): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.POST('/v1/applications/{id}/submission', { params: { path: { id }, header } }),
  )
}

export interface SiteDeclaration {
  url: string
  test_user: string
  test_password: string
  guide?: string
}

export function useDeclareSite(id: string): Command<SiteDeclaration> {
  return useDraftCommand(id, (variables, header) =>
    api.PUT('/v1/applications/{id}/site', { params: { path: { id }, header }, body: variables }),
  )
}

export function useContractCode(id: string): Command<void> {
  return useDraftCommand(id, (_, header) =>
    api.POST('/v1/applications/{id}/contract/code', { params: { path: { id }, header } }),
  )
}

export function useSignContract(
  id: string,
  revision: number,
): Command<{ sha256: string; name: string; code: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/contract/signature', {
      params: { path: { id }, header },
      body: variables,
    }),
  )
}

export function useWithdraw(id: string, revision: number): Command<{ why?: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/withdrawal', { params: { path: { id }, header }, body: variables }),
  )
}

export function useErasure(id: string, revision: number): Command<{ why: string }> {
  return useCommand(id, revision, (variables, header) =>
    api.PUT('/v1/applications/{id}/restriction', { params: { path: { id }, header }, body: variables }),
  )
}

export const restrictionQuery = (id: string) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'restriction'],
    queryFn: async ({ signal }) =>
      body(await api.GET('/v1/applications/{id}/restriction', { params: { path: { id } }, signal })),
  })

export function useLiftRestriction(id: string, revision: number): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.DELETE('/v1/applications/{id}/restriction', { params: { path: { id }, header } }),
  )
}

export function useReopen(id: string, revision: number): Command<void> {
  return useCommand(id, revision, (_, header) =>
    api.POST('/v1/applications/{id}/reopening', { params: { path: { id }, header } }),
  )
}

export const contractQuery = (id: string) =>
  queryOptions({
    queryKey: [...applicationKey(id), 'contract'],
    queryFn: async ({ signal }) =>
      body(await api.GET('/v1/applications/{id}/contract', { params: { path: { id } }, signal })),
  })
