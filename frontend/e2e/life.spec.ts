import type { Browser, Locator, Page } from '@playwright/test'
import { as, expect, mail, people, test } from './support'

const password = 'a quiet morning by the river'

// A picture large enough to be accepted, and different for each slot.
async function picture(browser: Browser, text: string): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 640 } })
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;font:64px sans-serif;background:repeating-linear-gradient(45deg,#cde,#fff 30px,#ecd 60px)">SPECIMEN ${text}</body>`,
  )
  const shot = await page.screenshot({ type: 'jpeg', quality: 90 })
  await page.close()
  return shot
}

async function fill(page: Page, label: string, value: string): Promise<void> {
  const field = page.getByLabel(label)
  await field.fill(value)
  await field.blur()
}

async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: label }).click()
  const wanted = page.getByTitle(option, { exact: true })
  // A click would scroll the list that has not yet got its place, and the option out of it.
  await expect(wanted).toBeInViewport({ ratio: 1 })
  await wanted.click()
}

async function upload(browser: Browser, page: Page, slot: string): Promise<void> {
  const answer = page.waitForResponse(
    (r) => r.request().method() === 'PUT' && r.url().includes('/documents/'),
  )
  await page.getByLabel(`File for ${slot}`, { exact: true }).setInputFiles({
    name: 'scan.jpg',
    mimeType: 'image/jpeg',
    buffer: await picture(browser, `${slot} ${Date.now()}`),
  })
  expect((await answer).status()).toBe(201)
}

async function acceptEverything(page: Page, but?: string): Promise<void> {
  await expect(page.getByRole('button', { name: /^Accept [A-Z]/ }).first()).toBeVisible()
  for (;;) {
    const one = page.getByRole('button', { name: /^Accept [A-Z]/ }).and(page.locator(':enabled'))
    const next = but ? one.and(page.locator(`:not([aria-label="Accept ${but}"])`)) : one
    if ((await next.count()) === 0) return
    // The next press must know the revision that this one made.
    const progress = page.getByText(/^\d+ of \d+ accepted$/)
    const before = (await progress.textContent()) ?? ''
    await next.first().click()
    await expect(progress).not.toHaveText(before)
  }
}

test('a merchant with a website lives the whole life, from registering to taking payments', async ({
  page,
  browser,
  request,
}) => {
  test.setTimeout(600_000)
  const email = `life-${Date.now()}@example.com`

  await test.step('registers, and sets a password with the link of the mail', async () => {
    await page.goto('/register')
    await page.getByLabel('Your e-mail address').fill(email)
    await page.getByLabel('WeChat Pay').check()
    await page.getByLabel('Alipay').check()
    await page.getByRole('button', { name: 'Register' }).click()
    await expect(page.getByText('A mail is on its way')).toBeVisible()
    const { link } = await mail(request, email, 'activation')
    const { pathname, search } = new URL(link ?? '')
    await page.goto(pathname + search)
    await page.getByLabel('New password').fill(password)
    await page.getByLabel('The same again').fill(password)
    await page.getByRole('button', { name: 'Set password' }).click()
    await page.getByRole('link', { name: 'Log in' }).click()
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page.getByRole('heading', { name: 'Fill in your application' })).toBeVisible()
  })
  const id = new URL(page.url()).pathname.split('/')[2] ?? ''

  await test.step('fills in the form, uploads, consents and submits', async () => {
    await page.getByRole('link', { name: 'Go on filling in' }).click()
    await fill(page, 'Name on the identity document', '王小明')
    await choose(page, 'Type of identity document', 'Resident identity card')
    await fill(page, 'Identity document number', '11010519491231002X')
    await fill(page, "Start of the identity document's validity", '2020-03-01')
    await page.getByLabel('Long-term').check()
    await fill(page, "Contact person's name", '王小明')
    await fill(page, 'Contact mobile number', '13800138000')
    await fill(page, 'Contact e-mail address', email)
    await fill(page, 'Contact address', '北京市朝阳区建国路1号')
    await fill(page, 'Settlement account holder', '王小明')
    await fill(page, 'Settlement account number', '6216261000000000018')
    await choose(page, 'Bank of the settlement account', 'Industrial and Commercial Bank of China (ICBC)')
    await fill(page, "Bank branch's CNAPS code", '102100099996')
    await fill(page, 'Web site domain', `life${Date.now()}.cn`)
    await fill(page, 'ICP filing number', '京ICP备12345678号-1')
    for (const slot of [
      'Identity document, photo side',
      'Identity document, emblem side',
      'Bank card, front',
      'Bank card, back',
    ]) {
      await upload(browser, page, slot)
    }
    for (let left = 2; left > 0; left--) {
      await expect(page.getByRole('button', { name: 'I have read it and agree' })).toHaveCount(left)
      await page.getByRole('button', { name: 'I have read it and agree' }).first().click()
    }
    await expect(page.getByText('Everything needed is there')).toBeVisible()
    await page.getByRole('button', { name: 'Submit for review' }).click()
    await expect(page.getByRole('heading', { name: 'We are checking your information' })).toBeVisible()
  })

  const reviewer = await as(browser, people.reviewer)
  await test.step('the reviewer raises a reason and returns it with a preview', async () => {
    await reviewer.goto(`/cases/${id}`)
    await reviewer.getByRole('button', { name: 'Claim', exact: true }).click()
    await acceptEverything(reviewer, 'Bank card, front')
    await reviewer.getByRole('button', { name: 'Raise a reason on Bank card, front' }).click()
    const picker = reviewer.getByRole('group', { name: 'Raise a reason on Bank card, front' })
    await picker
      .getByRole('radio', { name: /unclear|not clear/i })
      .first()
      .check()
    await picker.getByLabel(/Add for the merchant/).fill('The number is cut off on the right.')
    await picker.getByRole('button', { name: 'Raise', exact: true }).click()
    await reviewer.getByRole('button', { name: 'Return with 1 reason…' }).click()
    const letter = reviewer.getByRole('dialog')
    await expect(letter.getByText('The number is cut off on the right.')).toBeVisible()
    await letter.getByRole('button', { name: 'Other ways to decide' }).click()
    await reviewer.getByRole('menuitem', { name: /and stay/ }).click()
    await expect(reviewer.getByRole('heading', { name: 'With the merchant' })).toBeVisible()
  })

  await test.step('the merchant sees why, corrects exactly that, and sends it back', async () => {
    await page.goto(`/applications/${id}/corrections`)
    await expect(page.getByText('The number is cut off on the right.')).toBeVisible()
    await upload(browser, page, 'Bank card, front')
    await expect(page.getByText('1 of 1 thing done')).toBeVisible()
    await page.getByRole('button', { name: 'Send it back to us' }).click()
    await expect(page.getByRole('heading', { name: 'We are checking your information' })).toBeVisible()
  })

  await test.step('the reviewer accepts everything and approves', async () => {
    await reviewer.goto(`/cases/${id}`)
    await reviewer.getByRole('button', { name: 'Claim', exact: true }).click()
    await acceptEverything(reviewer)
    await decide(reviewer, 'Approve and next', reviewer.getByRole('heading', { name: 'ICP filing' }))
  })

  await test.step('the filing is recorded and verified', async () => {
    await claimIfFree(reviewer)
    await reviewer.getByRole('textbox', { name: 'Filing number' }).fill('京ICP备12345678号-1')
    await reviewer.getByRole('textbox', { name: 'Subject of the filing' }).fill('王小明')
    await reviewer.getByRole('button', { name: 'Record', exact: true }).click()
    await decide(reviewer, 'Verify filing and next', reviewer.getByText('has not named the website'))
  })

  await test.step('the merchant declares the website and a test account', async () => {
    await page.goto(`/applications/${id}/site`)
    await page.getByLabel('User name of the test account').fill('tester')
    await page.getByLabel('Password of the test account').fill('walk-through-1')
    await page.getByRole('button', { name: 'Declare website' }).click()
    await expect(page.getByText(/We can visit your website now|Declared:/).first()).toBeVisible()
  })

  await test.step('the reviewer walks through the site, ticks, approves, and offers the contract', async () => {
    await reviewer.goto(`/cases/${id}`)
    await claimIfFree(reviewer)
    const panel = reviewer.getByRole('region', { name: 'Website' }).last()
    await panel.getByRole('button', { name: 'Show Test account' }).click()
    await expect(panel.getByText('tester / walk-through-1')).toBeVisible()
    for (const box of await panel.getByRole('checkbox').all()) await box.check()
    await decide(
      reviewer,
      'Approve site and next',
      reviewer.getByRole('button', { name: 'Offer contract and next' }),
    )
    await decide(
      reviewer,
      'Offer contract and next',
      reviewer.getByText('The merchant is reading and signing'),
    )
  })

  await test.step('the merchant reads, checks the fingerprint and signs with a code', async () => {
    await page.goto(`/applications/${id}/contract`)
    await expect(page.getByText('it is the same')).toBeVisible()
    await page.getByLabel('I have read the contract and agree to it').check()
    await page.getByRole('button', { name: 'Send me a one-time code' }).click()
    const { text } = await mail(request, email, 'signing-code')
    await page.getByLabel('Your name').fill('王小明')
    await page.getByLabel('One-time code').fill(/\b\d{6}\b/.exec(text)?.[0] ?? '')
    await page.getByRole('button', { name: 'Sign the contract' }).click()
    await expect(page.getByText(/Signed on/)).toBeVisible()
  })

  await test.step('somebody who did not approve countersigns, and activates', async () => {
    const other = await as(browser, people.reviewer2)
    await other.goto(`/cases/${id}`)
    await claimIfFree(other)
    await other.getByRole('button', { name: 'Countersign' }).click()
    await decide(other, 'Activate and next', other.getByText('This merchant can take payments.'))
    await page.goto(`/applications/${id}`)
    await expect(page.getByRole('heading', { name: 'You can take payments' })).toBeVisible()
  })

  await test.step('the auditor replays it: the last state is active, the first is being filled in', async () => {
    const auditor = await as(browser, people.auditor)
    await auditor.goto(`/audit/${id}`)
    await expect(auditor.getByRole('heading', { name: 'Merchant activated' })).toBeVisible()
    await auditor.getByRole('tab', { name: 'As it stood' }).click()
    await expect(auditor.getByRole('tabpanel').getByText('Active', { exact: true })).toBeVisible()
    await auditor.getByRole('button', { name: /Application opened/ }).click()
    await expect(auditor.getByRole('tabpanel').getByText('Being filled in')).toBeVisible()
    await auditor.getByRole('tab', { name: 'Who looked' }).click()
    await expect(auditor.getByRole('cell', { name: /Walk through the site/ }).first()).toBeVisible()
  })
})

// Decides with the keys, and stays. Acts renew the claim, but some decisions end
// it, and the page hears of that a moment later: keys that come in between do
// nothing, so it claims and presses until the decision shows.
async function decide(page: Page, label: string, decided: Locator): Promise<void> {
  const button = page.getByRole('button', { name: label })
  await expect(async () => {
    if (await decided.isVisible()) return
    await claimIfFree(page)
    await expect(button).toBeEnabled({ timeout: 2_000 })
    await button.press('Control+Shift+Enter', { timeout: 2_000 })
    await expect(decided).toBeVisible({ timeout: 5_000 })
  }).toPass()
}

async function claimIfFree(page: Page): Promise<void> {
  await expect(page.getByText(/Yours for|Nobody is reviewing it/)).toBeVisible()
  const claim = page.getByRole('button', { name: 'Claim', exact: true })
  if (await claim.isVisible()) await claim.click()
  // A key that is pressed before the claim is there does nothing.
  await expect(page.getByText(/Yours for/)).toBeVisible()
}
