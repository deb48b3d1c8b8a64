import { accessible, as, expect, logIn, people, simulate, test } from './support'

test('a second person judges a decision without knowing it', async ({ page, browser }) => {
  simulate(
    '--count',
    '1',
    '--seed',
    String(Date.now() % 1_000_000),
    '--kind',
    'individual',
    '--via',
    'self',
    '--to',
    'returned',
    '--fault',
    'r03-blurred',
  )
  await logIn(page, people.lead)
  const rows = page.getByRole('region', { name: 'Samples that wait' }).getByRole('link')
  await expect(async () => {
    await page.goto('/samples')
    await expect(rows.first()).toBeVisible({ timeout: 2_000 })
  }).toPass()
  await accessible(page)
  await rows.first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Second look' })).toBeVisible()
  const sample = page.url()
  await expect(page.getByRole('img', { name: 'Identity document, photo side' })).toBeVisible()
  const main = page.getByRole('main')
  await expect(main.locator('a[href*="/cases/"], a[href*="/applications/"]')).toHaveCount(0)
  await expect(main.getByText('Rejected')).toHaveCount(0)
  await accessible(page)

  const verdict = page.getByRole('complementary', { name: 'Your verdict' })
  await expect(verdict.getByRole('button', { name: 'I would approve it' })).toBeVisible()
  await page.getByRole('button', { name: 'Raise a reason on Identity document, photo side' }).click()
  await page
    .getByRole('group', { name: 'Raise a reason on Identity document, photo side' })
    .getByRole('radio')
    .first()
    .click()
  await verdict.getByRole('button', { name: 'I would return it for 1 reason' }).click()
  await expect(page).toHaveURL(/\/samples$/)
  await page.goto(sample)
  await expect(verdict.getByText('You would return it.')).toBeVisible()

  const other = await as(browser, people.reviewer2)
  await other.goto(sample)
  await expect(other.getByRole('alert')).toBeVisible()
  await other.context().close()
})
