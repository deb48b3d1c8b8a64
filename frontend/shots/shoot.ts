import type { Page } from '@playwright/test'
import { simulate, type Merchant } from '../e2e/support'

const devices = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }
const looks = [
  { language: 'en', scheme: 'light' },
  { language: 'en', scheme: 'dark' },
  { language: 'es', scheme: 'light' },
  { language: 'zh-CN', scheme: 'light' },
] as const

const web = [
  '--kind',
  'individual',
  '--site',
  'web',
  '--products',
  'wechat,alipay',
  '--language',
  'en',
  '--via',
  'self',
]
const seed = ['--seed', '2026']

export function one(first: number, ...flags: string[]): Merchant {
  const [merchant] = simulate('--count', '1', '--first', String(first), ...seed, ...web, ...flags)
  if (!merchant) throw new Error('alta simulate made no merchant')
  return merchant
}

export async function shoot(
  page: Page,
  name: string,
  path: string,
  act?: () => Promise<void>,
): Promise<void> {
  await page.goto(path)
  for (const { language, scheme } of looks) {
    await page.evaluate((value) => {
      localStorage.setItem('alta.language', value)
    }, language)
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    for (const [device, viewport] of Object.entries(devices)) {
      await page.setViewportSize(viewport)
      await page.reload()
      await page.getByRole('heading', { level: 1 }).waitFor()
      await act?.()
      // Images and lists settle; a picture is looked at, nothing rests on the time.
      await page.waitForTimeout(900)
      await page.screenshot({
        path: `shots/out/${name}-${language}-${scheme}-${device}.png`,
        fullPage: device === 'phone',
      })
    }
  }
  await page.evaluate(() => {
    localStorage.setItem('alta.language', 'en')
  })
}
