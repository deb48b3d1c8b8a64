import { execFileSync } from 'node:child_process'
import AxeBuilder from '@axe-core/playwright'
import {
  test as base,
  expect,
  type APIRequestContext,
  type Browser,
  type BrowserContext,
  type Cookie,
  type Page,
} from '@playwright/test'

/** The one password of the people that --demo makes. */
export const demoPassword = 'harbour lantern 42'
export const people = {
  reviewer: 'reviewer@demo.alta.example',
  reviewer2: 'reviewer2@demo.alta.example',
  lead: 'lead@demo.alta.example',
  auditor: 'auditor@demo.alta.example',
  agent: 'agent@demo.alta.example',
}

// What went wrong on any page of the test under way.
let troubles: string[] = []

/** Watches a page for what no page may do: break the content policy, or throw. */
async function watch(page: Page): Promise<void> {
  // The console says that the policy was broken, the event says by what.
  await page.exposeFunction('policyBroken', (text: string) => troubles.push(`policy: ${text}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const at = `${event.sourceFile}:${event.lineNumber}:${event.columnNumber}`
      const element = event.target instanceof Element ? event.target.outerHTML.slice(0, 200) : ''
      const { policyBroken } = window as unknown as { policyBroken: (text: string) => void }
      policyBroken(`${event.violatedDirective} at ${at} ${event.sample} ${element}`)
    })
  })
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) troubles.push(`policy: ${message.text()}`)
  })
}

// Log-ins are few on purpose (the server limits them), so a person's refresh
// cookie goes from test to test. It works once: what counts is the newest.
const cookies = new Map<string, Cookie[]>()
let open: { email: string; context: BrowserContext }[] = []

async function keepCookies(): Promise<void> {
  for (const { email, context } of open) {
    const kept = await context.cookies().catch(() => [])
    if (kept.length > 0) cookies.set(email, kept)
    else cookies.delete(email)
  }
  open = []
}

/** The test function of all browser tests: a page that breaks the policy fails. */
export const test = base.extend<{ watched: undefined }>({
  watched: [
    async ({ page }, use) => {
      troubles = []
      await watch(page)
      await use(undefined)
      await keepCookies()
      expect(troubles).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

export async function logIn(page: Page, email: string, password = demoPassword): Promise<void> {
  const known = cookies.get(email)
  if (known) await page.context().addCookies(known)
  open.push({ email, context: page.context() })
  await page.goto('/')
  await page.waitForURL((url) => url.pathname !== '/')
  if (!page.url().includes('/login')) return
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/login'))
}

/** Proves that it is the person, in the dialog that asks for it. */
export async function prove(page: Page, password = demoPassword): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Is it you?' })
  await dialog.getByLabel('Password', { exact: true }).fill(password)
  await accessible(page, '[role=dialog]')
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await dialog.waitFor({ state: 'hidden' })
}

/** Opens a browser of somebody else's and logs in there. */
export async function as(browser: Browser, email: string, password = demoPassword): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await watch(page)
  await logIn(page, email, password)
  return page
}

interface Mail {
  subject: string
  text: string
  link?: string
}

/** Waits for the newest mail of a kind to somebody. */
export async function mail(request: APIRequestContext, to: string, template: string): Promise<Mail> {
  let found: Mail | undefined
  await expect(async () => {
    const query = new URLSearchParams({ to, template }).toString()
    const answer = await request.get(`/dev/mail/latest?${query}`)
    expect(answer.ok()).toBe(true)
    found = (await answer.json()) as Mail
  }).toPass({ timeout: 60_000 })
  if (!found) throw new Error(`no ${template} mail for ${to}`)
  return found
}

export interface Merchant {
  id: string
  merchant_number: string
  name: string
  email: string
  password: string
  stage: string
}

/** Has `alta simulate` bring merchants to a stage through the public interface. */
export function simulate(...flags: string[]): Merchant[] {
  const url = process.env.ALTA_URL ?? `http://127.0.0.1:${process.env.ALTA_E2E_PORT ?? '18180'}`
  const out = execFileSync(
    process.env.ALTA_BIN ?? '../alta',
    ['simulate', '--api', url, '--json', '--small', '--concurrency', '1', '--timeout', '4m', ...flags],
    { encoding: 'utf8', timeout: 250_000, env: { ...process.env, ALTA_SIMULATE_PASSWORD: demoPassword } },
  )
  return out
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"email"'))
    .map((line) => JSON.parse(line) as Merchant)
}

/** No violation of WCAG 2.2 AA on the page as it is, or in a part of it. */
export async function accessible(page: Page, part = 'html'): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .include(part)
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze()
  expect(
    violations.map(
      (violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`,
    ),
  ).toEqual([])
}
