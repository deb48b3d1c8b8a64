import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { isolated } from '@/ui/text'

/** The languages Alta speaks, each in its own words. */
export const languages = { en: 'English', es: 'Español', 'zh-CN': '简体中文' } as const
export type Language = keyof typeof languages

const stored = 'alta.language'

/** Finds the supported language for a browser's language tag. */
export function match(tag: string): Language | undefined {
  const lower = tag.toLowerCase()
  if (lower.startsWith('zh')) return 'zh-CN'
  if (lower.startsWith('es')) return 'es'
  if (lower.startsWith('en')) return 'en'
  return undefined
}

function preferred(): Language {
  const tags = [localStorage.getItem(stored) ?? '', ...navigator.languages]
  for (const tag of tags) {
    const language = match(tag)
    if (language) return language
  }
  return 'en'
}

const bundles = {
  en: () => import('./en'),
  es: () => import('./es'),
  'zh-CN': () => import('./zh-CN'),
}

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'shell')) return
  const { default: words } = await bundles[language]()
  for (const [namespace, texts] of Object.entries(words)) {
    i18next.addResourceBundle(language, namespace, texts)
  }
}

/** Starts i18n in the person's language; the others load when chosen. */
export async function startI18n(language: Language = preferred()): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: 'shell',
    ns: ['shell', 'terms', 'staff', 'merchant', 'audit', 'statistics'],
    resources: {},
    // React escapes for HTML. What people typed must not turn our sentence around either.
    interpolation: { escapeValue: true, escape: isolated },
    react: { useSuspense: false },
  })
  await setLanguage(language)
}

export async function setLanguage(language: Language): Promise<void> {
  await load(language)
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
  try {
    localStorage.setItem(stored, language)
  } catch {
    // The choice then lasts until the browser is closed.
  }
}

export function currentLanguage(): Language {
  return match(i18next.language) ?? 'en'
}

export { useTranslation } from 'react-i18next'
