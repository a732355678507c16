/**
 * Markup in every field of a record stays text in the explorer: nothing of it runs, loads or leads elsewhere.
 *
 * | attack | shown |
 * |---|---|
 * | markup and addresses of scripts in each field of a record, in the list and in every tab | here |
 * | markup in the query and in the address | here |
 * | the policy of the pages | here, `test/explorer/explorer.test.ts` (nothing breaks it) |
 */
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

const RUNS = `<img src=x onerror="window.pwned=1"><svg onload="window.pwned=1"></svg><script>window.pwned=1</script>`
const MARKUP = `"'><b data-evil=1>x</b>${RUNS}{{constructor.constructor('window.pwned=1')()}}<a href="javascript:window.pwned=1">x</a>`

const TRACE = 'b'.repeat(32)

/** Each text of it is an attack; its names, too. */
const HOSTILE = {
  timestamp: '2026-11-20T10:00:00.000Z',
  service: MARKUP,
  environment: MARKUP,
  action: `a.b${RUNS}`,
  outcome: 'success',
  trace_id: TRACE,
  request_id: MARKUP,
  message: MARKUP,
  actor: { type: MARKUP, id: `u-1${MARKUP}`, name: MARKUP, email: MARKUP },
  targets: [{ type: MARKUP, id: 'javascript:window.pwned=1', name: MARKUP }],
  changes: [{ path: `/${RUNS}`, old: MARKUP, new: 'javascript:window.pwned=1' }],
  source: { ip: '10.0.0.1', user_agent: MARKUP },
  request: { method: 'GET', url: 'javascript:window.pwned=1', route: `/${RUNS}`, body: MARKUP },
  response: { status: 500, body: MARKUP },
  error: { name: RUNS, message: MARKUP, stack: MARKUP },
  labels: { [RUNS]: MARKUP },
  metadata: { [RUNS]: MARKUP, url: 'javascript:window.pwned=1', html: [MARKUP] },
  latency_ms: 120,
  integrations: [{ type: 'database', name: RUNS, offset_ms: 4, latency_ms: 15, error: { name: RUNS } }],
}

async function opened(server: TestServer, address: string): Promise<Page> {
  const browser = await openBrowser()
  onTestFinished(() => browser[Symbol.asyncDispose]())
  const page = await browser.context.newPage()
  await page.goto(`${server.url}/${address}`)
  await page.getByLabel('API key').fill(ADMIN_TOKEN)
  await page.getByLabel('API key').press('Enter')
  return page
}

/** Nothing ran, no element came of a text, and nothing leads to a script. */
async function assertOnlyText(page: Page): Promise<void> {
  expect(await page.evaluate('window.pwned')).toBeUndefined()
  for (const selector of ['[data-evil]', '[onerror]', '[onload]', 'img[src="x"]', '[href^="javascript:" i]'])
    expect(await page.locator(selector).count(), selector).toBe(0)
  expect(await page.locator('script:not([src])').count()).toBe(0)
}

test('markup in every field of a record is shown as it is written', async () => {
  const server = await testServer()
  const { status } = await server.post('/v1/events?wait=index', HOSTILE)
  expect(status).toBe(200)
  const page = await opened(server, '#/?last=')
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  const rows = page.getByRole('grid', { name: 'Records' }).locator('[role=row][aria-selected]')
  await expect.poll(() => rows.count()).toBe(1)
  await assertOnlyText(page)
  await rows.first().click()
  await page.getByRole('tab').first().waitFor()
  const tabs = await page.getByRole('tab').all()
  expect(tabs.length).toBeGreaterThan(2)
  for (const tab of tabs) {
    await tab.click()
    await expect.poll(() => tab.getAttribute('aria-selected')).toBe('true')
    await page.getByRole('tabpanel').first().waitFor()
    await assertOnlyText(page)
  }
  await page.getByRole('tab', { name: 'Overview' }).click()
  await expect.poll(() => page.getByRole('tabpanel').first().textContent()).toContain('<b data-evil=1>')
  await assertOnlyText(page)
  expect(dialogs).toEqual([])
})

test('markup in an address and in a query is a query', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', HOSTILE)
  const page = await opened(
    server,
    `#/?q=${encodeURIComponent(`"${RUNS}"`)}&last=&record=${encodeURIComponent(RUNS)}`,
  )
  await page.getByLabel('Query').waitFor()
  await assertOnlyText(page)
  await page.getByLabel('Query').fill(MARKUP)
  await page.getByLabel('Query').press('Escape')
  await page.getByRole('alert').first().waitFor()
  await assertOnlyText(page)
  await page.goto(`${server.url}/${encodeURIComponent(RUNS)}`)
  expect(await page.evaluate('window.pwned')).toBeUndefined()
})

test('were something to be taken for markup all the same, the policy of the page lets nothing of it run', async () => {
  const server = await testServer()
  const policy = (await server.fetch('/', { token: '' })).headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self'")
  expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|\*|data:|https?:/)
})
