/** A record beside the list, and the history of whom and what it speaks of. */
import { expect, test } from 'vitest'
import { open, rows, shop, signIn, violations } from './pages.ts'

const ORDER = {
  kind: 'trail',
  timestamp: '2026-11-20T12:00:00.000Z',
  service: 'order',
  trace_id: 'b'.repeat(32),
  latency_ms: 84,
  outcome: 'failure',
  actor: { type: 'user', id: 'u-elif', name: 'Elif' },
  targets: [{ type: 'account', id: 'acc-8' }],
  changes: [
    { path: '/limits', old: { day: 100, month: 1000 }, new: { day: 100, month: 5000 } },
    { path: '/pin', old: '1', new: '2' },
  ],
  request: {
    method: 'POST',
    route: '/orders',
    headers: { 'x-shop': 'south', authorization: 'Bearer abcdefgh12345678' },
    body: '{"lines":[{"sku":"A-1","count":2}]}',
  },
  response: { status: 503, body: { error: 'no stock' } },
  internal_steps: [{ name: 'price the order', offset_ms: 2, latency_ms: 1.5, found: 2 }],
  integrations: [
    { type: 'database', name: 'orders.insert', latency_ms: 40, error: { message: 'deadlock found' } },
  ],
}

async function shopWithOrder() {
  const server = await shop()
  const { status } = await server.post('/v1/events?wait=index', [ORDER])
  expect(status).toBe(200)
  return server
}

test('a record of a list that is cut to some fields is shown whole, and proved; closed, it gives the focus back', async () => {
  const { page, complaints } = await open(await shop(), {}, '#/?q=acc-8 | fields action&last=')
  await signIn(page)
  await rows(page).first().click()
  await page.getByRole('tab', { name: 'Changes' }).click()
  await page.getByText('DE02500105170137075030').waitFor()
  await page.getByRole('tab', { name: 'Proof' }).click()
  await page.getByText('what is shown here is what was proved').waitFor()
  await page.getByRole('button', { name: 'Close the record' }).click()
  await page.getByRole('tab').first().waitFor({ state: 'detached' })
  await page.locator('[role=grid]:focus').waitFor()
  expect(complaints).toEqual([])
})

test('what came in, what went out, and what was done on the way stand in parts of their own', async () => {
  const { page, complaints } = await open(await shopWithOrder(), {}, '#/?q=service:order kind:trail&last=')
  await signIn(page)
  await rows(page).first().click()
  const part = page.getByRole('tabpanel')
  await page.getByRole('tab', { name: 'Request' }).click()
  await part.getByText('/orders', { exact: true }).waitFor()
  await part.getByText('south').waitFor()
  await part.getByText('masked').waitFor()
  await page.getByRole('tab', { name: 'Response' }).click()
  await part.getByText('503').waitFor()
  await page.getByRole('tab', { name: 'Steps' }).click()
  await part.getByText('price the order').waitFor()
  await part.getByText('1.5 ms').waitFor()
  await page.getByRole('tab', { name: 'Calls' }).click()
  await part.getByText('orders.insert').waitFor()
  await part.getByText('deadlock found').waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('tab', { name: 'Changes' }).click()
  // Of what changed in the middle of an object the place is named.
  expect(await part.getByRole('row', { name: '/limits/month' }).textContent()).toContain('5000')
  expect(await part.getByText('/limits/day').count()).toBe(0)
  expect(await part.getByRole('row', { name: '/pin' }).textContent()).toBe('/pinmaskedmasked')
  expect(complaints).toEqual([])
})

test('from a record one goes to what else happened to its target, and from there to another record', async () => {
  const viewport = { width: 390, height: 844 }
  const { page } = await open(await shopWithOrder(), { viewport }, '#/?q=service:order kind:trail&last=')
  await signIn(page)
  await rows(page).first().click()
  await page.getByRole('link', { name: 'What happened to account acc-8' }).click()
  await page.getByRole('heading', { name: 'What happened to account acc-8' }).waitFor()
  const steps = page.getByRole('main').getByRole('listitem')
  await expect.poll(() => steps.count()).toBe(2)
  expect(await steps.first().textContent()).toContain('POST /orders')
  expect(await steps.last().getByRole('row', { name: '/iban' }).textContent()).toContain('DE0250010517')
  expect(await violations(page)).toEqual([])
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  await steps.last().getByRole('link', { name: 'payout_account.changed' }).click()
  await page.getByText('Elif changed the payout account').waitFor()
  await page.getByRole('link', { name: 'What Elif did' }).click()
  await page.getByRole('heading', { name: 'What u-elif did' }).waitFor()
  await expect.poll(() => steps.count()).toBe(2)
})

test('a record is copied as a link that shows it, a summary, JSON and a request', async () => {
  const server = await shop()
  const { page } = await open(
    server,
    { permissions: ['clipboard-read', 'clipboard-write'] },
    '#/?q=iban&last=',
  )
  await signIn(page)
  await rows(page).first().click()
  const copied = async (title: string): Promise<string> => {
    await page.getByRole('button', { name: 'Copy as …' }).click()
    await page.getByRole('menuitem', { name: title }).click()
    await page.getByText(`${title} copied`).waitFor()
    return page.evaluate<string>('navigator.clipboard.readText()')
  }
  expect(JSON.parse(await copied('JSON'))).toMatchObject({ action: 'payout_account.changed' })
  expect(await copied('Summary')).toContain('by Elif (u-elif) on account acc-8 in payment')
  expect(await copied('curl')).toMatch(/^curl -H "Authorization: Bearer \$TRAILPROOF_TOKEN" 'http:.*'$/)
  await page.goto(await copied('Link'))
  await page.getByRole('tab', { name: 'Overview' }).waitFor()
  await page.getByRole('heading', { name: 'payout_account.changed' }).waitFor()
})
