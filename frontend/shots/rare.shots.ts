import type { Page } from '@playwright/test'
import { logIn, people, prove, test } from '../e2e/support'
import { one, shoot } from './shoot'

// What is seldom seen: notices, and pages at the edges of an application's life.
// Where only a fault of the world outside brings it about, the answer is made up.

const json = (page: Page, path: string, answer: object) =>
  page.route(path, (route) => route.fulfill({ json: answer }))

const at = '2026-11-30T08:15:00Z'

test('a merchant whose data are locked', async ({ page }) => {
  const merchant = one(31, '--to', 'submitted')
  await logIn(page, merchant.email, merchant.password)
  await shoot(page, 'erase-dialog', `/applications/${merchant.id}`, async () => {
    await page.locator('.ant-btn-dangerous').last().click()
    await page.getByRole('dialog').waitFor()
  })
  await page.goto(`/applications/${merchant.id}`)
  await page.getByRole('button', { name: 'Have my data erased' }).click()
  await page.getByLabel('Reason').fill('we no longer want an account')
  await page.getByRole('button', { name: 'Erase my data' }).click()
  await prove(page, merchant.password)
  await shoot(page, 'restriction', `/applications/${merchant.id}/restriction`)
  await shoot(page, 'locked', `/applications/${merchant.id}`)
  await shoot(page, 'account-merchant', '/account')
})

test('a merchant takes consents back', async ({ page }) => {
  const merchant = one(32, '--to', 'withdrawn')
  await logIn(page, merchant.email, merchant.password)
  await shoot(page, 'consents', `/applications/${merchant.id}/form`)
})

test('a merchant whom a mail did not reach', async ({ page }) => {
  const merchant = one(33, '--to', 'returned', '--fault', 'r03-blurred')
  await logIn(page, merchant.email, merchant.password)
  await json(page, '**/v1/applications/*/undelivered-mails*', {
    items: [
      { template: 'returned', state: 'undelivered', reason: 'address', code: 550, status: '5.1.1', at },
    ],
  })
  await shoot(page, 'mail-merchant', `/applications/${merchant.id}`)
})

test('a case with notices', async ({ page }) => {
  const merchant = one(34, '--to', 'submitted')
  const other = one(35, '--to', 'active')
  await logIn(page, people.reviewer)
  await json(page, '**/v1/applications/*/undelivered-mails*', {
    items: [
      { template: 'returned', state: 'undelivered', reason: 'address', code: 550, status: '5.1.1', at },
      { template: 'activation', state: 'delayed', at },
    ],
  })
  const found = {
    application: other.id,
    merchant_number: other.merchant_number,
    name: '李*',
    stage: 'active',
  }
  await json(page, '**/v1/applications/*/duplicates*', {
    matches: [
      {
        ...found,
        relation: 'other',
        shared: [
          { item: 'identity.number', with: 'identity.number', kind: 'value' },
          { item: 'id_card.front', with: 'id_card.front', kind: 'picture' },
        ],
      },
      {
        ...found,
        relation: 'same_agent',
        shared: [{ item: 'contact.mobile', with: 'contact.mobile', kind: 'value' }],
      },
    ],
    more: true,
  })
  await shoot(page, 'case-notices', `/cases/${merchant.id}`)
})

test('an offer is taken back', async ({ page }) => {
  const merchant = one(36, '--to', 'contract')
  await logIn(page, people.lead)
  await shoot(page, 'take-back', `/cases/${merchant.id}`)
})

test('alarms over looks', async ({ page }) => {
  await logIn(page, people.lead)
  const by = { id: '00000000-0000-4000-8000-000000000001', role: 'reviewer' }
  await json(page, '**/v1/alarms*', {
    alarms: [
      { by, at, kind: 'all', most: 120, percent: 80 },
      { by, at, kind: 'outside', most: 20, percent: 50 },
    ],
  })
  await shoot(page, 'alarms', '/statistics?range=quarter')
})

test('an application that is set aside', async ({ page }) => {
  const merchant = one(37, '--to', 'submitted')
  await logIn(page, people.reviewer)
  await page.route('**/v1/queues/qualification?*', async (route) => {
    const answer = await route.fetch()
    const list = (await answer.json()) as { rows: object[] }
    await route.fulfill({
      response: answer,
      json: { ...list, rows: list.rows.map((row) => ({ ...row, set_aside: true })) },
    })
  })
  await shoot(page, 'set-aside-list', '/queue/qualification')
  const problem = { status: 409, code: 'set-aside', title: 'Conflict', detail: '' }
  await page.route(`**/v1/applications/${merchant.id}*`, (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', json: problem }),
  )
  await shoot(page, 'set-aside-case', `/cases/${merchant.id}`)
})

test('lists that are not up to date', async ({ page }) => {
  one(36, '--to', 'submitted')
  await logIn(page, people.lead)
  const old = async (path: string, behind: Record<string, string>) => {
    await page.route(path, async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, headers: { ...response.headers(), ...behind } })
    })
  }
  const late = { 'alta-behind': '47', 'alta-as-of': '2026-11-30T06:02:31Z' }
  for (const path of ['**/v1/queues*', '**/v1/queues/qualification*', '**/v1/me/desk*', '**/v1/team*'])
    await old(path, late)
  await old('**/v1/applications', { 'alta-behind': 'unknown' })
  await old('**/v1/samples*', { ...late, 'alta-behind': '754' })
  await shoot(page, 'age-queue', '/queue/qualification')
  await shoot(page, 'age-samples', '/samples')
  await shoot(page, 'age-unknown', '/search')
})
