import { accessible, as, expect, logIn, people, prove, simulate, test, type Merchant } from './support'

function submitted(offset: number): Merchant {
  const [merchant] = simulate(
    ...['--count', '1', '--seed', String((Date.now() + offset) % 1_000_000), '--kind', 'individual'],
    ...['--site', 'web', '--products', 'wechat', '--language', 'en', '--via', 'self', '--to', 'submitted'],
  )
  if (!merchant) throw new Error('alta simulate made no merchant')
  return merchant
}

// A merchant who asks for erasure: its data are locked, and an auditor who opens
// them says why, at each visit anew.
test('a merchant has its data erased, and an auditor says why she opens them', async ({ page, browser }) => {
  const merchant = submitted(7)
  const own = await as(browser, merchant.email, merchant.password)
  await own.goto(`/applications/${merchant.id}`)
  await own.getByRole('button', { name: 'Have my data erased' }).click()
  const confirm = own.getByRole('button', { name: 'Erase my data' })
  await expect(confirm).toBeDisabled()
  await own.getByLabel('Reason').fill('we no longer want an account')
  await confirm.click()
  await prove(own, merchant.password)
  await expect(own.getByText('Your data are locked').last()).toBeVisible()
  await own.context().close()

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

test('a reviewer covers a security code for good', async ({ page }) => {
  const merchant = submitted(8)
  await logIn(page, people.reviewer)
  await page.goto(`/cases/${merchant.id}`)
  await page.getByRole('button', { name: 'Claim', exact: true }).click()
  await page.getByRole('button', { name: 'Cover a part for good' }).click()
  const dialog = page.getByRole('dialog')
  const confirm = dialog.getByRole('button', { name: 'Cover for good' })
  await expect(confirm).toBeDisabled()
  const picture = dialog.getByAltText('Identity document, photo side')
  await expect(picture).toBeVisible()
  await accessible(page)
  const box = await picture.boundingBox()
  if (!box) throw new Error('the picture has no place')
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.4, { steps: 4 })
  await page.mouse.up()
  await expect(dialog.getByLabel('Width')).toHaveValue('20')
  await confirm.click()
  await expect(dialog).toBeHidden()
  await expect(page.getByText('covered', { exact: true }).first()).toBeVisible()
})

test('an agent gives its server a key, and takes it away', async ({ page }) => {
  await logIn(page, people.agent)
  await page.goto('/account')
  await accessible(page)
  await page.getByLabel('Name').fill('shop server')
  await page.getByRole('button', { name: 'Issue a key' }).click()
  await prove(page)
  await expect(page.getByText('It is shown this once')).toBeVisible()
  await expect(page.getByText('never used').first()).toBeVisible()
  await page.getByRole('button', { name: 'Revoke shop server' }).click()
  await page.getByRole('button', { name: 'Revoke', exact: true }).last().click()
  await expect(page.getByRole('button', { name: 'Revoke shop server' })).toBeHidden()
})

test('one-time codes are shown as a picture and as letters', async ({ page }) => {
  await logIn(page, people.reviewer)
  await page.goto('/account')
  await page.getByRole('button', { name: 'Set up' }).click()
  await prove(page)
  await expect(page.getByRole('img', { name: 'QR code with the secret' })).toBeVisible()
  await accessible(page)
})
