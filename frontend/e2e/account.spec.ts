import { createHmac } from 'node:crypto'
import { demoPassword, expect, people, simulate, test } from './support'

/** The one-time code of a base32 secret (RFC 6238), some half minutes ahead. */
function totp(secret: string, ahead = 0): string {
  let bits = ''
  for (const letter of secret.replaceAll(' ', '')) {
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')
  }
  const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => parseInt(byte, 2)) ?? [])
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

test('keys and codes change only with a proof of presence, and nothing half-done is lost', async ({
  page,
}) => {
  const [merchant] = simulate(
    '--count',
    '1',
    '--first',
    '4100',
    '--to',
    'draft',
    '--via',
    'self',
    '--language',
    'en',
  )
  if (!merchant) throw new Error('alta simulate made no merchant')
  const { email, password } = merchant
  await page.goto('/login')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/login'))
  await page.goto('/account')

  const dialog = page.getByRole('dialog', { name: 'Is it you?' })
  const confirm = async (code?: string) => {
    await dialog.getByLabel('Password', { exact: true }).fill(password)
    if (code) await dialog.getByLabel('One-time code').fill(code)
    await dialog.getByRole('button', { name: 'Go on' }).click()
  }

  await test.step('a key', async () => {
    await page.getByLabel('Name', { exact: true }).fill('shop server')
    await page.getByRole('button', { name: 'Issue a key' }).click()
    await dialog.getByLabel('Password', { exact: true }).fill('wrong password')
    await dialog.getByRole('button', { name: 'Go on' }).click()
    await expect(dialog.getByRole('alert')).toContainText('The password is wrong')
    await confirm()
    await expect(page.getByText('This is the key.')).toBeVisible()
    await expect(page.getByText('shop server')).toBeVisible()
  })

  let secret = ''
  let codes: string[] = []
  await test.step('one-time codes, within the same five minutes', async () => {
    await page.getByRole('button', { name: 'Set up', exact: true }).click()
    secret =
      (await page
        .locator('code')
        .filter({ hasText: /^[A-Z2-7 ]{32,}$/ })
        .textContent()) ?? ''
    await page.getByLabel('One-time code').fill(totp(secret))
    await page.getByRole('button', { name: 'Confirm' }).click()
    await expect(page.getByText('These are your recovery codes')).toBeVisible()
    codes = await page.getByRole('status').locator('ol li').allTextContents()
    expect(codes).toHaveLength(10)
    await page.getByLabel('I have kept my recovery codes').check()
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect(page.getByText('10 codes are left.')).toBeVisible()
  })

  await test.step('a log-in with a recovery code', async () => {
    await page.context().clearCookies()
    await page.goto('/login')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.getByRole('button', { name: 'I do not have my authenticator app' }).click()
    await page.getByLabel('Recovery code').fill(codes[0] ?? '')
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await page.waitForURL((url) => !url.pathname.startsWith('/login'))
    await page.goto('/account')
    await expect(page.getByText('9 codes are left.')).toBeVisible()
  })

  await test.step('new recovery codes take a code', async () => {
    await page.getByRole('button', { name: 'Get new recovery codes' }).click()
    await confirm(totp(secret, 1))
    await expect(page.getByText('These are your recovery codes')).toBeVisible()
    await expect(page.getByText('10 codes are left.')).toBeVisible()
  })

  await test.step('without codes again', async () => {
    await page.getByRole('button', { name: 'Do without one-time codes' }).click()
    await page.getByRole('tooltip').getByRole('button', { name: 'Do without one-time codes' }).click()
    await expect(page.getByRole('button', { name: 'Set up', exact: true })).toBeVisible()
  })
})

test('who does not prove it changes nothing', async ({ page }) => {
  await page.goto('/login')
  await page.getByLabel('E-mail address').fill(people.agent)
  await page.getByLabel('Password', { exact: true }).fill(demoPassword)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/login'))
  await page.goto('/account')
  await page.getByRole('button', { name: 'Set up', exact: true }).click()
  await page.getByRole('dialog', { name: 'Is it you?' }).getByRole('button', { name: 'Close' }).click()
  await expect(page.getByText('Confirm that it is you to do this.')).toBeVisible()
})
