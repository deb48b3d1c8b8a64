import { accessible, as, expect, logIn, people, simulate, test } from './support'

let submitted: ReturnType<typeof simulate>

test.beforeAll(() => {
  submitted = simulate(
    '--count',
    '3',
    '--seed',
    String(Date.now() % 1_000_000),
    '--kind',
    'individual',
    '--site',
    'web',
    '--products',
    'wechat',
    '--language',
    'en',
    '--via',
    'self',
    '--to',
    'submitted',
  )
})

for (const scheme of ['light', 'dark'] as const) {
  test(`pages before the log-in are accessible in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme })
    for (const path of ['/login', '/register', '/forgot']) {
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await accessible(page)
    }
  })

  test(`the reviewer's pages are accessible in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme })
    await logIn(page, people.reviewer)
    await expect(page.getByRole('grid')).toBeVisible()
    await accessible(page)
    await page.goto(`/cases/${submitted[0]?.id ?? ''}`)
    await expect(page.getByRole('region', { name: 'What to judge' })).toBeVisible()
    await accessible(page)
  })

  test(`the lead's statistics are accessible in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme })
    await logIn(page, people.lead)
    await page.getByRole('link', { name: 'Statistics' }).click()
    await expect(page.getByRole('img', { name: /^Coming in, going out\. Handed in: / })).toBeVisible()
    await page.getByText('In numbers').first().click()
    await expect(page.getByRole('table', { name: 'Coming in, going out' }).getByRole('row')).toHaveCount(29)
    await accessible(page)
  })
}

test('a screen reader hears the queue as a grid with its true size', async ({ page }) => {
  await logIn(page, people.reviewer)
  const grid = page.getByRole('grid', { name: 'Qualification' })
  await expect(grid).toHaveAttribute('aria-rowcount', /^\d+$/)
  await expect(grid.getByRole('row').first()).toMatchAriaSnapshot(`
    - row:
      - columnheader "Merchant"
      - columnheader "Products"
      - columnheader "Round"
      - columnheader "Signals"
      - columnheader "Time left"
      - columnheader "Held by"
  `)
})

test('a rare filter is looked for over ten pages, and further when one asks', async ({ page }) => {
  await logIn(page, people.reviewer)
  let asked = 0
  await page.route('**/v1/queues/qualification?*', async (route) => {
    asked++
    const rows = { rows: [], total: 90_000, next: asked < 12 ? `after-${asked}` : undefined }
    const url = new URL(route.request().url())
    url.searchParams.delete('cursor')
    const answer = await route.fetch({ url: url.href })
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), ...rows } })
  })
  await page.goto('/queue/qualification?language=es')
  await expect(page.getByText('Nothing found so far')).toBeVisible()
  expect(asked).toBe(10)
  await page.getByRole('button', { name: 'Show more' }).click()
  await expect(page.getByText('Nothing waits here')).toBeVisible()
  expect(asked).toBe(12)
})

test('J and K move, Enter opens, and the sheet lists the keys', async ({ page }) => {
  await logIn(page, people.reviewer)
  await expect(page.getByRole('grid')).toBeVisible()
  await page.keyboard.press('j')
  await expect(page.getByRole('row', { selected: true })).toHaveAttribute('aria-rowindex', '3')
  await page.keyboard.press('Shift+?')
  await expect(page.getByRole('dialog').getByText('Claim next')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('k')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/cases\//)
})

test('by keys alone a case is claimed and a reason raised, with a word of what was seen', async ({
  page,
}) => {
  await logIn(page, people.reviewer)
  await page.goto(`/cases/${submitted[2]?.id ?? ''}`)
  await expect(page.getByRole('region', { name: 'What to judge' })).toBeVisible()
  await page.keyboard.press('c')
  await expect(page.getByText(/Yours for/)).toBeVisible()
  const picker = page.getByRole('group', { name: /^Raise a reason on/ })
  await page.keyboard.press('1')
  await expect(picker.getByLabel(/Add for the merchant/)).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(picker).toBeHidden()
  await page.keyboard.press('1')
  await page.keyboard.type('The last letter is cut off.')
  await page.keyboard.press('Control+Enter')
  await expect(picker).toBeHidden()
  await expect(page.getByText('The last letter is cut off.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Return with 1 reason…' })).toBeVisible()
})

test('a lead chooses several rows with the mouse and goes on with the keys', async ({ page }) => {
  await logIn(page, people.lead)
  // The first checkbox is the heading's, which selects every row.
  const rows = page.getByRole('grid').getByRole('row')
  await rows.nth(1).getByRole('checkbox').check()
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(page.getByRole('region', { name: 'What to do with the selected ones' })).toContainText(
    '2 selected',
  )
})

test('filters are in the address and can be removed', async ({ page }) => {
  await logIn(page, people.reviewer)
  await page.goto('/queue/qualification?kind=enterprise')
  await page.getByRole('button', { name: 'Remove Kind: Enterprise' }).click()
  await expect(page).not.toHaveURL(/kind=/)
})

test('of two reviewers who act on one revision, one is told who did what', async ({ page, browser }) => {
  const id = submitted[1]?.id ?? ''
  await logIn(page, people.reviewer)
  await page.goto(`/cases/${id}`)
  await page.getByRole('button', { name: 'Claim', exact: true }).click()
  await expect(page.getByText(/Yours for/)).toBeVisible()
  // The page is kept from hearing of the change, as on a slow line.
  await page.route('**/v1/changes', (route) => route.abort())
  await page.route(`**/v1/applications/${id}?*`, (route) => route.abort())
  const lead = await as(browser, people.lead)
  await lead.goto(`/cases/${id}`)
  await lead.getByRole('button', { name: 'Take over' }).click()
  await expect(lead.getByText(/Yours for/)).toBeVisible()
  await page.getByRole('button', { name: 'Accept Bank card, front' }).click()
  await expect(
    page.getByRole('alert').filter({ hasText: /Someone changed this|Somebody else/ }),
  ).toContainText(/Lin Wei|Somebody/)
})

test('an ended session asks again and keeps the half-finished reason', async ({ page, context }) => {
  await logIn(page, people.reviewer2)
  await page.goto(`/cases/${submitted[0]?.id ?? ''}`)
  await page.getByRole('button', { name: 'Claim', exact: true }).click()
  await page.getByRole('button', { name: 'Raise a reason on Bank card, front' }).click()
  const picker = page.getByRole('group', { name: 'Raise a reason on Bank card, front' })
  await picker.getByRole('radio').first().check()
  await picker.getByLabel(/Add for the merchant/).fill('Half-finished.')
  await context.clearCookies()
  await page.route(
    '**/reasons/*',
    (route) =>
      route.fulfill({
        status: 401,
        contentType: 'application/problem+json',
        body: '{"type":"/problems/session-over","title":"Unauthorized","status":401,"code":"session-over"}',
      }),
    { times: 1 },
  )
  await picker.getByRole('button', { name: 'Raise', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.getByLabel('Password', { exact: true }).fill('harbour lantern 42')
  await dialog.getByRole('button', { name: 'Log in', exact: true }).click()
  await expect(page.getByText('Half-finished.').first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Return with 1 reason…' })).toBeVisible()
})

test('the pages speak Spanish and Chinese', async ({ page }) => {
  await page.goto('/login')
  await page.getByRole('button', { name: /^Language/ }).click()
  await page.getByRole('menuitem', { name: 'Español' }).click()
  await expect(page.getByRole('heading', { name: 'Iniciar sesión' })).toBeVisible()
  await page.getByRole('button', { name: /^Idioma/ }).click()
  await page.getByRole('menuitem', { name: '简体中文' }).click()
  await expect(page.getByRole('heading', { name: '登录' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
})
