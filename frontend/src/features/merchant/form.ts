import type { Form } from '@/api/applications'
import type { Schemas } from '@/api/client'

export type FormItem = Schemas['FormItem']
export type Section = 'identity' | 'company' | 'contact' | 'bank' | 'site'

const sections: readonly Section[] = ['company', 'identity', 'contact', 'bank', 'site']

/** The fields by subject, in the order in which people have them at hand. */
export function fieldsBySection(form: Form): { section: Section; items: FormItem[] }[] {
  return sections
    .map((section) => ({
      section,
      items: form.items.filter((item) => item.class === 'field' && item.key.startsWith(`${section}.`)),
    }))
    .filter((part) => part.items.length > 0)
}

export function documentsOf(form: Form): FormItem[] {
  return form.items.filter((item) => item.class === 'document')
}

/** What stands in the way of a submission. */
export function blocking(findings: readonly Schemas['Finding'][]): Schemas['Finding'][] {
  return findings.filter((finding) => finding.severity === 'block')
}
