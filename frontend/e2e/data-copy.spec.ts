import { readFileSync } from 'node:fs'
import { expect, logIn, simulate, test } from './support'

test('a merchant saves a copy of its data and takes a consent back', async ({ page }) => {
  const [merchant] = simulate(
    ...['--count', '1', '--first', '9', '--seed', '77', '--kind', 'individual', '--site', 'web'],
    ...['--products', 'wechat,alipay', '--language', 'en', '--via', 'self', '--to', 'withdrawn'],
  )
  if (!merchant) throw new Error('alta simulate made no merchant')
  await logIn(page, merchant.email, merchant.password)

  await page.goto('/account')
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Get a copy' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('before your data are put into a file')
  await dialog.getByLabel('Password').fill(merchant.password)
  await dialog.getByRole('button', { name: 'Go on' }).click()
  const file = await saved
  expect(file.suggestedFilename()).toMatch(/^alta-data-\d{4}-\d{2}-\d{2}\.json$/)
  const copy = JSON.parse(readFileSync(await file.path(), 'utf8')) as {
    account: { email: string }
    applications: { id: string; details: unknown[] }[]
  }
  expect(copy.account.email).toBe(merchant.email)
  expect(copy.applications.map((one) => one.id)).toEqual([merchant.id])
  expect(copy.applications[0]?.details.length).toBeGreaterThan(5)

  await page.goto(`/applications/${merchant.id}/form`)
  const withdraw = page.getByRole('button', { name: 'Withdraw this consent' })
  await expect(withdraw).toHaveCount(2)
  await withdraw.first().click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Withdraw this consent' }).click()
  await expect(withdraw).toHaveCount(1)
})
