/** The page of a ledger as people use it: in a real Chromium. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { TestServer } from '../support/test-server.ts'
import { open, shop, signIn, violations } from './pages.ts'

const WHY = { authority: 'GDPR Art. 17', reason: 'asked in writing' }

/** A shop whose ledger has something to say of itself. */
async function eventfulShop(): Promise<TestServer> {
  const server = await shop()
  await server.post('/v1/erasures/subject', { subject: { id: 'u-elif' }, ...WHY })
  await server.post('/v1/holds', { name: 'case-7', query: 'service:order', ...WHY })
  await server.post('/v1/events?wait=index', [
    { service: 'till', action: 'till.opened', stream: { id: 'till-1', seq: 1 } },
  ])
  return server
}

function verdict(page: Page): Promise<string | null> {
  return page.getByLabel('Verdict').getAttribute('data-verdict')
}

/** As if this browser had seen another ledger of this origin before. */
function forge(page: Page, what: { size?: number; root?: string }): Promise<void> {
  return page.evaluate(({ size, root }) => {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith('trailproof.trust')) continue
      const trust = JSON.parse(localStorage.getItem(key)!) as { checkpoint: string }
      const lines = trust.checkpoint.split('\n')
      if (size !== undefined) lines[1] = String(size)
      if (root !== undefined) lines[2] = root
      localStorage.setItem(key, JSON.stringify({ ...trust, checkpoint: lines.join('\n') }))
    }
  }, what)
}

test.each(['light', 'dark'] as const)(
  '%s: a ledger says what it is, what it recorded of itself, and that it only grew',
  async (colorScheme) => {
    const server = await eventfulShop()
    const { page, complaints } = await open(
      server,
      { viewport: { width: 390, height: 844 }, colorScheme },
      '#/ledger',
    )
    await signIn(page)
    await page.getByRole('heading', { name: 'main', level: 1 }).waitFor()
    await page.getByText('This browser sees the ledger for the first time').waitFor()
    await page.getByText('none: the server alone has signed').waitFor()
    await page.getByRole('img', { name: 'Records added up over time, to' }).waitFor()
    const own = page.getByRole('table', { name: 'The ledger’s own entries' })
    await own.getByText('case-7').waitFor()
    expect(await own.getByText('Erasure', { exact: true }).count()).toBe(1)

    const { size } = await server.get<{ size: number }>('/v1/ledgers/main')
    await server.post('/v1/events', { action: 'order.placed' })
    await page.getByRole('button', { name: 'Check again' }).click()
    await page.getByText('are unchanged').waitFor()
    await page.getByText(`the ${size} entries that this browser has seen before`).waitFor()
    expect(await verdict(page)).toBe('intact')
    for (const summary of await page.locator('summary').all()) await summary.click()
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    expect(complaints).toEqual([])

    await own.getByRole('link').first().click()
    await page.getByRole('complementary', { name: 'Record' }).getByText('case-7').waitFor()
  },
)

test('a ledger that went back, or was forked, turns the seal red and says so', async () => {
  const { page } = await open(await shop(), {}, '#/ledger')
  await signIn(page)
  await page.getByLabel('Verdict').waitFor()
  await forge(page, { size: 900 })
  await page.getByRole('button', { name: 'Check again' }).click()
  await page.getByRole('alert').getByText('this browser has seen 900 entries').waitFor()
  expect(await verdict(page)).toBe('broken')

  for (const size of [300, 600]) {
    await forge(page, { size, root: Buffer.alloc(32, 7).toString('base64') })
    await page.getByRole('button', { name: 'Check again' }).click()
    await page.getByRole('alert').getByText(`the first ${size} entries are not those`).waitFor()
    expect(await verdict(page)).toBe('broken')
  }
})

test('another ledger under a known name is not believed, until somebody says that it is to be', async () => {
  const { page } = await open(await shop(), {}, '#/ledger')
  await signIn(page)
  await page.getByLabel('Verdict').waitFor()
  await page.evaluate("localStorage.setItem('trailproof.origin main', 'elsewhere.example/main')")
  await page.getByRole('button', { name: 'Check again' }).click()
  await page.getByRole('alert').getByText('knows another ledger, elsewhere.example/main').waitFor()
  expect(await verdict(page)).toBe('broken')
  await page.getByRole('button', { name: 'Trust this ledger' }).click()
  await page.getByRole('button', { name: 'Trust it from now on' }).click()
  await page.getByText('are unchanged').waitFor()
  expect(await verdict(page)).toBe('intact')
})

test('a ledger under another key than the one that was pinned is not believed', async () => {
  const { page } = await open(await shop(), {}, '#/ledger')
  await signIn(page)
  await page.getByLabel('Verdict').waitFor()
  await page.evaluate(() => {
    for (const key of Object.keys(localStorage))
      if (key.startsWith('trailproof.trust'))
        localStorage.setItem(key, localStorage.getItem(key)!.replaceAll(/\+[0-9a-f]{8}\+/g, '+00000000+'))
  })
  await page.getByRole('button', { name: 'Check again' }).click()
  await page.getByRole('alert').getByText('no key that this browser trusts').waitFor()
  await page.getByText('Trusted keys: the server shows others').waitFor()
})

test('whoever may not see proofs is told that the growth is not proved, and what is remembered stays', async () => {
  const server = await shop()
  const made = await server.post('/v1/keys', { name: 'till', roles: ['viewer'] })
  const { page } = await open(server, {}, '#/ledger')
  await signIn(page, made.body['token'] as string)
  await page.getByText('This browser sees the ledger for the first time').waitFor()
  await forge(page, { size: 300, root: Buffer.alloc(32, 7).toString('base64') })
  for (let look = 0; look < 2; look++) {
    await page.getByRole('button', { name: 'Check again' }).click()
    await page.getByText('that the 300 entries that this browser has seen before are unchanged').waitFor()
    expect(await verdict(page)).toBe('unproven')
  }
})
