/** The explorer as people use it: in a real Chromium, by mouse and by keyboard alone, in both themes and at three widths. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { changeRow, changeStore } from '../support/damaged-ledger.ts'
import { freePort } from '../support/free-port.ts'
import { CLIENT_ID, CLIENT_SECRET, identityProvider } from '../support/identity-provider.ts'
import { newUser, PASSWORD } from '../support/new-user.ts'
import { pathProxy } from '../support/path-proxy.ts'
import { testServer } from '../support/test-server.ts'
import { open, records, rows, shop, signIn, VIEWPORTS, violations } from './pages.ts'
import { fillShop, PAYOUT_INDEX } from './shop.ts'

const FIND_PAYOUT = '#/?q=action:payout_account.changed&last='

test('who changed the payout account is found, seen, proved and taken away with the keyboard alone', async () => {
  const { page, complaints } = await open(await shop())
  await signIn(page)
  await records(page).waitFor()
  const { keyboard } = page

  // Past what stands on every page by what comes first.
  await keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content')
  await keyboard.press('Enter')
  expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN')
  await page.getByLabel('Query').focus()
  await keyboard.type('action:payo')
  await page.getByRole('listbox', { name: 'Completions' }).waitFor()
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  expect(await page.getByLabel('Query').inputValue()).toBe('action:payout_account.changed ')
  await keyboard.press('Enter')
  await expect.poll(() => rows(page).count()).toBe(1)
  expect(page.url()).toContain('q=action%3Apayout_account.changed')

  await records(page).focus()
  await keyboard.press('ArrowDown')
  await page.getByRole('heading', { name: 'payout_account.changed' }).waitFor()
  await page.getByRole('tab', { name: 'Overview' }).focus()
  await keyboard.press('ArrowRight')
  await keyboard.press('Enter')
  const row = page.getByRole('row', { name: '/iban' })
  expect(await row.textContent()).toContain('DE02120300000000202051')
  expect(await row.textContent()).toContain('DE02500105170137075030')

  await keyboard.press('End')
  await keyboard.press('Enter')
  await page.getByText('what is shown here is what was proved').waitFor()
  expect(await page.getByLabel('Verdict').getAttribute('data-verdict')).toBe('intact')
  await keyboard.press('Escape')
  await expect.poll(() => page.getByRole('tab').count()).toBe(0)

  await page.getByRole('button', { name: 'Export' }).focus()
  await keyboard.press('Enter')
  await page.getByRole('button', { name: 'Take it' }).focus()
  await keyboard.press('Enter')
  const save = page.getByRole('link', { name: 'Save main.ndjson' })
  await save.focus()
  const downloading = page.waitForEvent('download')
  await keyboard.press('Enter')
  const taken = readFileSync(await (await downloading).path(), 'utf8')
  expect(taken).toContain('payout_account.changed')
  await expect.poll(() => page.getByLabel('Verdict').getAttribute('data-verdict')).toBe('intact')
  await keyboard.press('Escape')
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  expect(complaints).toEqual([])
})

describe.each(VIEWPORTS)('at %i × %i', (width, height) => {
  test.each(['light', 'dark'] as const)('%s: nothing that axe finds', async (colorScheme) => {
    const { page, complaints } = await open(await shop(), { viewport: { width, height }, colorScheme })
    expect(await violations(page)).toEqual([])
    await signIn(page)
    await records(page).waitFor()
    await page.getByRole('img', { name: /records over time/ }).waitFor()
    expect(await violations(page)).toEqual([])
    await rows(page).first().click()
    await page.getByRole('tab', { name: 'Proof' }).click()
    await page.getByLabel('Verdict').waitFor()
    expect(await violations(page)).toEqual([])
    // Nothing reaches beyond the window, however long or from right to left a text is.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    expect(complaints).toEqual([])
  })
})

test('an address is the search: whoever opens it sees the same', async () => {
  const server = await shop()
  const [, , { id }] = (
    await server.get<{ records: [unknown, unknown, { id: string }] }>('/v1/search?q=outcome:denied')
  ).records
  const { page } = await open(server, {}, `#/?q=outcome:denied&last=&record=${id}`)
  await signIn(page)
  await page.getByText(id).waitFor()
  expect(await page.getByLabel('Query').inputValue()).toBe('outcome:denied')
  await expect.poll(() => records(page).getAttribute('aria-rowcount')).toBe('121')
})

test('a facet adds to the query, and the minus beside it leaves out', async () => {
  const { page } = await open(await shop())
  await signIn(page)
  await page.getByTitle('Only outcome:failure').click()
  await expect.poll(() => page.getByLabel('Query').inputValue()).toBe('outcome:failure')
  await page.getByLabel('Without service auth').click()
  await expect.poll(() => page.getByLabel('Query').inputValue()).toBe('outcome:failure -service:auth')
  await expect.poll(() => records(page).getAttribute('aria-rowcount')).toBe('61')
})

test('a drag over the histogram takes that time', async () => {
  const { page } = await open(await shop())
  await signIn(page)
  const area = page.getByRole('img', { name: /records over time/ })
  const { x, y, width, height } = (await area.boundingBox())!
  await page.mouse.move(x + width * 0.4, y + height / 2)
  await page.mouse.down()
  await page.mouse.move(x + width * 0.6, y + height / 2, { steps: 5 })
  await page.mouse.up()
  await expect.poll(() => page.url()).toMatch(/from=2026-11-20T.*to=2026-11-20T/)
  await expect.poll(async () => Number(await records(page).getAttribute('aria-rowcount'))).toBeLessThan(400)
})

test('somebody with an account signs in, stays, and signs out everywhere in this browser', async () => {
  const server = await shop()
  await newUser(server, 'anna@example.com', ['auditor'])
  const { page, complaints } = await open(server)
  await page.getByRole('button', { name: 'Sign in with an account' }).click()
  expect(await violations(page)).toEqual([])
  await page.getByLabel('E-mail').fill('anna@example.com')
  await page.getByLabel('Password').fill('not the right one')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').getByText('Wrong e-mail address or password').waitFor()
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await records(page).waitFor()
  // As if its access token had run out.
  const [cookie] = (await page.context().cookies()).filter(({ name }) => name === 'trailproof')
  await page.context().clearCookies({ name: 'trailproof' })
  await page.evaluate("localStorage.removeItem('trailproof.renewed')")
  await page.reload()
  await records(page).waitFor()
  const [renewed] = (await page.context().cookies()).filter(({ name }) => name === 'trailproof')
  expect(renewed!.value).not.toBe(cookie!.value)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('E-mail').waitFor()
  expect((await page.context().cookies()).map(({ name }) => name)).toEqual([])
  await page.reload()
  await page.getByLabel('E-mail').waitFor()
  // Both refusals were meant.
  expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
})

test('a live tail shows what comes, and stands still while somebody reads', async () => {
  const server = await shop()
  const { page } = await open(server)
  await signIn(page)
  await page.getByRole('button', { name: 'Live' }).click()
  await page.getByText('Live', { exact: true }).last().waitFor()
  const send = (action: string) => server.post('/v1/events', { action })
  await send('first.seen')
  await rows(page).first().getByText('first.seen').waitFor()
  await rows(page).first().click()
  await page.getByRole('tab', { name: 'Overview' }).waitFor()
  for (let i = 0; i < 3; i++) await send('later.seen')
  await page.getByRole('button', { name: 'Show 3 new records' }).waitFor()
  expect(await rows(page).count()).toBe(1)
  await page.getByRole('button', { name: 'Show 3 new records' }).click()
  await expect.poll(() => rows(page).count()).toBe(4)
  await rows(page).first().getByText('later.seen').waitFor()
})

test('a trail is followed over services, and from one of its records to another', async () => {
  const server = await shop()
  const trace_id = 'a'.repeat(32)
  await server.post('/v1/events?wait=index', [
    {
      timestamp: '2026-11-20T10:00:00.000Z',
      service: 'gateway',
      trace_id,
      request: { method: 'POST', route: '/orders' },
      response: { status: 201 },
      latency_ms: 120,
      integrations: [
        { type: 'database', name: 'pg insert', offset_ms: 40, latency_ms: 15, error: { name: 'Lost' } },
      ],
    },
    { timestamp: '2026-11-20T10:00:00.060Z', service: 'order', action: 'order.audited', trace_id },
  ])
  const { page } = await open(server, {}, '#/?q=action:order.audited&last=')
  await signIn(page)
  await rows(page).first().click()
  await page.getByRole('tab', { name: 'Trail' }).click()
  const trail = page.getByRole('region', { name: 'Trail' })
  await trail.getByText('120 ms, 2 services, 3 parts').waitFor()
  await trail.getByText('pg insert').waitFor()
  await trail.getByText('✕ failure').waitFor()
  await trail.getByText('15 ms · critical path').waitFor()
  await trail.getByText('Nothing is recorded of 40 ms from 0 ms on, 65 ms from 55 ms on.').waitFor()
  await trail.getByRole('button', { name: 'By kind' }).click()
  await trail.getByRole('heading', { name: 'database · 1' }).waitFor()
  expect(await violations(page)).toEqual([])
  await trail.getByRole('button', { name: 'POST /orders' }).click()
  await page.getByRole('heading', { name: 'POST /orders' }).waitFor()
})

test('a query that is none says where and why, before it is sent', async () => {
  const { page } = await open(await shop())
  await signIn(page)
  await records(page).waitFor()
  await page.getByLabel('Query').fill('latency_ms:abc')
  await page.getByLabel('Query').press('Escape')
  await page.getByRole('alert').getByText('latency_ms is a number, not abc').waitFor()
  expect(await page.getByRole('button', { name: 'Search' }).isDisabled()).toBe(true)
})

test('a long list is shown in pieces, to its end', async () => {
  const { page } = await open(await shop())
  await signIn(page)
  await records(page).focus()
  await page.keyboard.press('j')
  for (const loaded of [401, 601]) {
    await page.keyboard.press('End')
    await expect.poll(() => records(page).getAttribute('aria-rowcount')).toBe(String(loaded))
  }
  expect(await rows(page).count()).toBeLessThan(100)
})

test('a wrong key, a role that may not, and a server that is away are told apart', async () => {
  const server = await shop()
  const { page } = await open(server)
  await signIn(page, 'tp_wrong')
  await page.getByRole('alert').getByText('No such API key').waitFor()
  const made = await server.post('/v1/keys', { name: 'till', roles: ['producer'] })
  await signIn(page, made.body['token'] as string)
  await page.getByText('You may not see this').first().waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await server.running.stop()
  await signIn(page)
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor()
})

test('a byte that was changed on the disk turns the seal red, and names what is wrong', async () => {
  const server = await testServer()
  await fillShop(server)
  await server.running.stop()
  changeStore({ data: server.data, keys: server.keys }, (db) =>
    changeRow(db, 256, 'leaves', (bytes) => {
      bytes[(PAYOUT_INDEX - 256) * 89 + 60]! ^= 1
    }),
  )
  const again = await server.restart()
  const { page } = await open(again, {}, FIND_PAYOUT)
  await signIn(page)
  await rows(page).first().click()
  await page.getByRole('tab', { name: 'Proof' }).click()
  await page.getByText('Broken').waitFor()
  expect(await page.getByLabel('Verdict').getAttribute('data-verdict')).toBe('broken')
})

test('a server that shows an older history than before is noticed', async () => {
  const server = await shop()
  const { page } = await open(server, {}, FIND_PAYOUT)
  await signIn(page)
  await rows(page).first().click()
  await page.getByRole('tab', { name: 'Proof' }).click()
  await page.getByText('what is shown here is what was proved').waitFor()
  // As if this browser had seen more of the ledger than the server has now.
  await page.evaluate(() => {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith('trailproof.trust')) continue
      const trust = JSON.parse(localStorage.getItem(key)!) as { checkpoint: string }
      trust.checkpoint = trust.checkpoint.replace(/\n601\n|\n600\n/, '\n900\n')
      localStorage.setItem(key, JSON.stringify(trust))
    }
  })
  await page.reload()
  await page.getByRole('tab', { name: 'Proof' }).click()
  await page.getByRole('alert').getByText('this browser has seen 900 entries').waitFor()
})

/** As a person does: at the page of the provider, and back. */
async function goBy(page: Page, person: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign in by your identity provider' }).click()
  await page.locator('input[name=login]').fill(person)
  await page.locator('input[name=password]').fill('any')
  await page.locator('button[type=submit]').click()
  await page.getByRole('button', { name: 'Continue' }).click()
}

test('where nothing is found it is said what can be done about it', async () => {
  const server = await testServer()
  const { page } = await open(server)
  await signIn(page)
  await page.getByRole('heading', { name: 'No records yet' }).waitFor()
  await page.getByLabel('Query').fill('service:none')
  await page.keyboard.press('Enter')
  await page.getByText('No record answers the query').waitFor()
  await page.getByRole('button', { name: 'Look at all records' }).click()
  await page.getByRole('heading', { name: 'No records yet' }).waitFor()
  await page.getByRole('button', { name: 'All time' }).click()
  await page.getByRole('button', { name: 'Last hour' }).click()
  await page.getByRole('button', { name: 'Look at all time' }).click()
  await page.getByRole('heading', { name: 'No records yet' }).waitFor()
})

test('who logs in by an identity provider comes back to the page that they wanted, or is told why not', async () => {
  const port = await freePort()
  const provider = await identityProvider([`http://127.0.0.1:${port}/v1/oidc/callback`])
  provider.people.set('anna', { name: 'Anna', groups: ['auditors'] })
  const server = await testServer({
    port,
    oidc_issuer: provider.issuer,
    oidc_client_id: CLIENT_ID,
    oidc_client_secret: CLIENT_SECRET,
    oidc_roles: 'auditors=auditor',
  })
  await fillShop(server)
  provider.people.set('eve', { name: 'Eve', groups: ['others'] })
  const { page: refused } = await open(server, {}, FIND_PAYOUT)
  await goBy(refused, 'eve')
  await refused.getByRole('alert').getByText('No group of yours has a role here').waitFor()
  const { page } = await open(server, {}, FIND_PAYOUT)
  await goBy(page, 'anna')
  await expect.poll(() => rows(page).count()).toBe(1)
  await page.getByText('Anna', { exact: true }).waitFor()
  expect(await page.getByLabel('Query').inputValue()).toBe('action:payout_account.changed')
})

test('the pages work below a path of a proxy', async () => {
  const server = await shop()
  await using proxy = await pathProxy(server.url, '/audit')
  const { page, complaints } = await open({ ...server, url: proxy.url }, {}, FIND_PAYOUT)
  await signIn(page)
  await rows(page).first().click()
  await page.getByRole('tab', { name: 'Proof' }).click()
  await page.getByText('what is shown here is what was proved').waitFor()
  expect(page.url()).toContain('/audit/#/')
  expect(complaints).toEqual([])
})
