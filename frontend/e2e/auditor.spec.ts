import { accessible, as, expect, logIn, people, simulate, test } from './support'

// A merchant who asked for erasure: its data are locked, and an auditor who opens
// them says why, at each visit anew.
test('an auditor says why she opens a restricted application, at each visit', async ({ page, browser }) => {
  const [merchant] = simulate(
    ...[
      '--count',
      '1',
      '--seed',
      String((Date.now() + 7) % 1_000_000),
      '--kind',
      'individual',
      '--site',
      'web',
    ],
    ...['--products', 'wechat', '--language', 'en', '--via', 'self', '--to', 'submitted'],
  )
  if (!merchant) throw new Error('no merchant')
  const lead = await as(browser, people.lead)
  await lead.goto(`/cases/${merchant.id}`)
  await expect(lead.getByRole('region', { name: 'What to judge' })).toBeVisible()
  const status = await lead.evaluate(async (id) => {
    const session = (await (await fetch('/v1/auth/refresh', { method: 'POST' })).json()) as {
      access_token: string
    }
    const headers = { Authorization: `Bearer ${session.access_token}`, 'Content-Type': 'application/json' }
    const { headers: seen } = await fetch(`/v1/applications/${id}`, { headers })
    const answer = await fetch(`/v1/applications/${id}/restriction`, {
      method: 'PUT',
      headers: { ...headers, 'If-Match': seen.get('ETag') ?? '' },
      body: JSON.stringify({ why: 'the merchant asks for erasure' }),
    })
    return answer.status
  }, merchant.id)
  expect(status).toBe(204)
  await lead.context().close()

  await logIn(page, people.auditor)
  await page.goto(`/audit?q=${merchant.id}`)
  await page.getByRole('link', { name: 'Open the application with this id' }).click()
  await expect(page.getByRole('heading', { name: 'Why do you open this application?' })).toBeVisible()
  await accessible(page)
  const open = page.getByRole('button', { name: 'Open the application' })
  await expect(open).toBeDisabled()
  await page.getByLabel('Reason').fill('inquiry 2026-118 of the supervisor')
  await open.click()
  await expect(page.getByRole('navigation', { name: 'Events' })).toBeVisible()
  await expect(page.getByText(/Application .*|erasure/i).first()).toBeVisible()
  await page
    .getByRole('tab', { name: 'Accesses' })
    .or(page.getByRole('tab', { name: /looked/i }))
    .click()
  await expect(page.getByText('inquiry 2026-118 of the supervisor').first()).toBeVisible()
  expect(
    await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, location.href])),
  ).not.toContain('inquiry')

  // The next visit asks again.
  await page.getByRole('link', { name: 'Audit', exact: true }).click()
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Why do you open this application?' })).toBeVisible()
})
