import { describe, expect, it } from 'vitest'
import en from './en'
import es from './es'
import zh from './zh-CN'

type Tree = { [key: string]: string | Tree }

// A plural's keys end in a category that depends on the language.
const plural = /_(zero|one|two|few|many|other)$/

function flatten(tree: Tree, path = ''): Map<string, string> {
  const out = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    const here = path ? `${path}.${key}` : key
    if (typeof value === 'string') out.set(here, value)
    else for (const [k, v] of flatten(value, here)) out.set(k, v)
  }
  return out
}

function stems(texts: Map<string, string>): string[] {
  return [...new Set([...texts.keys()].map((key) => key.replace(plural, '')))].sort()
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/{{\s*(\w+)/g)].map((m) => m[1] ?? '').sort()
}

const all = { en: flatten(en), es: flatten(es), 'zh-CN': flatten(zh) }
const categories = { en: ['one', 'other'], es: ['one', 'many', 'other'], 'zh-CN': ['other'] }

describe('the three languages', () => {
  it.each(['es', 'zh-CN'] as const)('have the same keys in %s as in English', (language) => {
    expect(stems(all[language])).toEqual(stems(all.en))
  })

  it.each(['en', 'es', 'zh-CN'] as const)(
    'have every plural form that %s needs, and no other',
    (language) => {
      const texts = all[language]
      const wrong: string[] = []
      const counted = [...texts.keys()]
        .filter((key) => plural.test(key))
        .map((key) => key.replace(plural, ''))
      for (const stem of new Set(counted)) {
        const have = [...texts.keys()].filter((key) => key.replace(plural, '') === stem).sort()
        const want = categories[language].map((category) => `${stem}_${category}`).sort()
        if (have.join() !== want.join()) wrong.push(`${stem}: ${have.join()}`)
      }
      expect(wrong).toEqual([])
    },
  )

  it.each(['es', 'zh-CN'] as const)(
    'put the same values into the sentences in %s as in English',
    (language) => {
      const wrong: string[] = []
      for (const [key, text] of all[language]) {
        const english = all.en.get(key) ?? all.en.get(key.replace(plural, '_other')) ?? ''
        if (placeholders(text).join() !== placeholders(english).join()) wrong.push(`${language} ${key}`)
      }
      expect(wrong).toEqual([])
    },
  )

  it('name no text in a way that i18next takes apart', () => {
    expect([...all.en.keys()].filter((key) => key.includes(':'))).toEqual([])
  })

  it.each(['en', 'es', 'zh-CN'] as const)('leave no text empty in %s', (language) => {
    expect([...all[language]].filter(([, text]) => text.trim() === '').map(([key]) => key)).toEqual([])
  })
})
