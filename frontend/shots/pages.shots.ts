import { logIn, people, test } from '../e2e/support'
import { one, shoot } from './shoot'

test("one's account", async ({ page }) => {
  await logIn(page, people.agent)
  await shoot(page, 'account', '/account')
  await shoot(page, 'step-up', '/account', async () => {
    await page
      .locator('section', { has: page.locator('h2') })
      .last()
      .locator('button')
      .first()
      .click()
    await page.getByRole('dialog').waitFor()
  })
})

test('before the log-in', async ({ page }) => {
  for (const path of ['login', 'register', 'forgot']) await shoot(page, path, `/${path}`)
})

test('the reviewer', async ({ page }) => {
  const submitted = one(1, '--to', 'submitted', '--fault', 'r03-blurred')
  const filing = one(2, '--to', 'qualified')
  const site = one(3, '--to', 'website')
  await logIn(page, people.reviewer)
  await shoot(page, 'queue', '/queue/qualification')
  await page.route('**/v1/queues/qualification?*', async (route) => {
    const url = new URL(route.request().url())
    url.searchParams.delete('cursor')
    const answer = await route.fetch({ url: url.href })
    const rows = { rows: [], total: 90_000, next: 'further' }
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), ...rows } })
  })
  await shoot(page, 'queue-rare', '/queue/qualification?language=es')
  await page.unroute('**/v1/queues/qualification?*')
  await page.goto(`/cases/${submitted.id}`)
  await page.getByRole('button', { name: 'Claim', exact: true }).click()
  await shoot(page, 'case', `/cases/${submitted.id}`)
  await shoot(page, 'icp', `/cases/${filing.id}`)
  await shoot(page, 'website', `/cases/${site.id}`)
})

test('the lead, after something came to light', async ({ page }) => {
  const proposed = one(7, '--to', 'proposed', '--products', 'wechat,alipay,online_banking')
  await logIn(page, people.lead)
  await page.goto(`/cases/${proposed.id}`)
  await page.getByRole('button', { name: 'Claim', exact: true }).click()
  const problem = { status: 409, code: 'evidence-changed', title: 'Conflict', detail: '' }
  await page.route('**/qualification/confirmation', (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', json: problem }),
  )
  await shoot(page, 'second-too-late', `/cases/${proposed.id}`, async () => {
    await page.getByRole('complementary').locator('.ant-btn-primary').first().click()
    await page.getByRole('alert').first().waitFor()
  })
})

test('the lead', async ({ page }) => {
  one(5, '--to', 'active')
  one(6, '--to', 'returned', '--fault', 'r03-blurred') // what a lead has no part in
  await logIn(page, people.lead)
  const rows = page.getByRole('region', { name: 'Samples that wait' }).getByRole('link')
  await page.goto('/samples')
  const sample = await rows.first().getAttribute('href')
  await shoot(page, 'samples', '/samples')
  await shoot(page, 'sample', sample ?? '')
  await page.getByRole('complementary').getByRole('button').click() // so that two people agree
  await page.waitForURL(/samples$/)
  await shoot(page, 'statistics', '/statistics?range=quarter')
})

test('the auditor', async ({ page }) => {
  const active = one(4, '--to', 'active')
  await logIn(page, people.auditor)
  await shoot(page, 'audit', '/audit')
  await shoot(page, 'replay', `/audit/${active.id}`)
  await shoot(page, 'replay-state', `/audit/${active.id}?tab=application`)
})

test('the agent', async ({ page }) => {
  await logIn(page, people.agent)
  await shoot(page, 'merchants', '/applications')
  await shoot(page, 'add', '/applications/new')
})

for (const [stage, paths] of Object.entries({
  draft: ['', '/form'],
  returned: ['', '/corrections'],
  icp: ['/site'],
  contract: ['', '/contract'],
  active: ['', '/contract'],
})) {
  test(`the merchant, ${stage}`, async ({ page }) => {
    const merchant = one(
      10 + stage.length,
      '--to',
      stage,
      ...(stage === 'returned' ? ['--fault', 'r03-blurred,R05'] : []),
    )
    await logIn(page, merchant.email, merchant.password)
    for (const path of paths) {
      await shoot(page, `merchant-${stage}${path.replace('/', '-')}`, `/applications/${merchant.id}${path}`)
    }
  })
}
