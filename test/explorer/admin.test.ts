/** The administration as people use it: in a real Chromium. */
import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { keyOfAnother } from '../support/another-person.ts'
import { logIn, newUser, PASSWORD } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'
import { open, records, signIn, signInWithAccount, violations } from './pages.ts'

/** In two halves, as each is looked at often. */
const SECTIONS = [
  ['Overview', 'Ledgers', 'API keys', 'Users', 'Roles', 'Sessions'],
  ['Approvals', 'Erasures', 'Legal holds', 'Retention', 'Quarantine', 'Access log'],
] as const
/** What opens something within a section. */
const OPENERS = [
  'Make a key',
  'Invite somebody',
  'Make a role',
  'Look at it',
  'Place a hold',
  'Add a rule',
] as const
const WHY = { authority: 'GDPR Art. 17', reason: 'asked in writing' }
const BAD = { timestamp: 'yesterday', action: 'till.opened', actor: { id: 'u-9' } }

async function keyOf(server: TestServer, name: string, roles: readonly string[]): Promise<string> {
  const { body } = await server.post('/v1/keys', { name, roles })
  return body['token'] as string
}

/** The dialog that the button opens. */
async function dialog(page: Page, button: string): Promise<Locator> {
  await page.getByRole('button', { name: button, exact: true }).click()
  const shown = page.getByRole('dialog').or(page.getByRole('alertdialog'))
  await shown.waitFor()
  return shown
}

/** Presses what does it, and waits until that is done. */
async function act(shown: Locator, button: string): Promise<void> {
  await shown.getByRole('button', { name: button }).click()
  await shown.waitFor({ state: 'detached' })
}

async function sayWhy(shown: Locator): Promise<void> {
  await shown.getByLabel('Authority').fill(WHY.authority)
  await shown.getByLabel('Reason').fill(WHY.reason)
}

function row(page: Page, table: string, text: string): Locator {
  return page.getByRole('table', { name: table }).getByRole('row').filter({ hasText: text })
}

async function go(page: Page, title: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Administration' }).waitFor()
  const choice = page.getByLabel('Section', { exact: true })
  if (await choice.isVisible()) await choice.selectOption(title)
  else
    await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: title }).click()
  await page.getByRole('heading', { name: title, level: 1 }).waitFor()
}

/** A server of which every section has something to show. */
async function busyServer(): Promise<TestServer> {
  const server = await testServer({ approvals: 'two' })
  await newUser(server, 'anna@example.com', ['owner'])
  await logIn(server, 'anna@example.com')
  await server.post('/v1/invitations', { email: `${'carla'.repeat(12)}@example.com`, roles: ['viewer@main'] })
  await keyOf(server, `till ${'a-name-without-end'.repeat(8)}`, ['producer', 'viewer'])
  await server.post('/v1/events?wait=index', [{ action: 'order.placed', actor: { id: 'u-1' } }])
  await server.post('/v1/events', [BAD, { action: 'order.placed' }])
  await server.post('/v1/erasures/subject', { subject: { id: 'u-1' }, ...WHY })
  await server.post('/v1/holds', { name: 'case-7', query: 'service:order', ...WHY })
  await server.fetch('/v1/retention/main', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rules: [{ name: 'rest', keep_days: null }] }),
  })
  return server
}

describe.each(SECTIONS)('%s and what is beside it', (...titles) => {
  test.each(['light', 'dark'] as const)(
    '%s: nothing that axe finds, nor wider than a phone',
    async (colorScheme) => {
      const viewport = { width: 390, height: 844 }
      const { page, complaints } = await open(
        await busyServer(),
        { viewport, colorScheme },
        '#/admin/overview',
      )
      const look = async (at: string): Promise<void> => {
        await expect.poll(() => page.getByText(/^Loading/).count()).toBe(0)
        expect([at, await violations(page)]).toEqual([at, []])
        expect([at, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([at, 390])
      }
      await signIn(page)
      for (const title of titles) {
        await go(page, title)
        await look(title)
        for (const button of OPENERS) {
          const [opener] = await page.getByText(button, { exact: true }).all()
          if (opener === undefined) continue
          await opener.click()
          await look(button)
          await page.keyboard.press('Escape')
          await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
        }
      }
      expect(complaints).toEqual([])
    },
  )
})

test('a key is made, its token opens what it may and no administration, and it is rotated and revoked', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', { action: 'order.placed' })
  const { page } = await open(server)
  await signIn(page)
  await page.getByRole('link', { name: 'Administration' }).click()
  await go(page, 'API keys')
  const making = await dialog(page, 'Make a key')
  await making.getByLabel('What it is for').fill('reports')
  await making.getByRole('button', { name: 'Make it' }).click()
  await making.getByRole('alert').getByText('a key has at least one role or scope').waitFor()
  await making.getByLabel(/^viewer/).check()
  await act(making, 'Make it')
  const secret = page.getByRole('status').getByText(/^tp_/)
  const token = (await secret.textContent())!
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await secret.waitFor({ state: 'detached' })
  await row(page, 'API keys', 'reports').getByText('valid').waitFor()
  await row(page, 'API keys', 'reports').getByText('you', { exact: true }).waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, token)
  await page.getByText('You may not see this').waitFor()
  expect(await page.getByRole('link', { name: 'Administration' }).count()).toBe(0)
  expect(await page.getByRole('navigation', { name: 'Administration' }).getByRole('link').count()).toBe(0)
  await page.getByRole('link', { name: 'Records' }).click()
  await records(page).getByText('order.placed').waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page)
  await page.getByRole('link', { name: 'Administration' }).click()
  await go(page, 'API keys')
  const rotating = await dialog(page, 'Rotate: reports')
  await rotating.getByLabel('Minutes that the old one goes on').fill('0')
  await act(rotating, 'Make the new token')
  const next = (await page.getByRole('status').getByText(/^tp_/).textContent())!
  expect((await server.fetch('/v1/ledgers', { token })).status).toBe(401)
  expect((await server.fetch('/v1/ledgers', { token: next })).status).toBe(200)
  await row(page, 'API keys', 'ended').waitFor()
  await act(await dialog(page, 'Revoke: reports'), 'Revoke it')
  await expect.poll(async () => (await server.fetch('/v1/ledgers', { token: next })).status).toBe(401)
})

test('somebody is invited, changed, logged out, disabled and removed', async () => {
  const server = await testServer()
  const { page } = await open(server, {}, '#/admin/users')
  await signIn(page)
  await server.post('/v1/invitations', { email: 'nobody@example.com', roles: ['viewer@main'] })
  await page.reload()
  await act(await dialog(page, 'Take back: nobody@example.com'), 'Take it back')
  await expect.poll(() => row(page, 'Invitations', 'nobody@example.com').count()).toBe(0)
  const inviting = await dialog(page, 'Invite somebody')
  await inviting.getByLabel('E-mail').fill('ben@example.com')
  await inviting.getByLabel('auditor').check()
  await inviting.getByLabel('Roles, of one ledger each').fill('viewer@main')
  await act(inviting, 'Invite them')
  await row(page, 'Invitations', 'ben@example.com').getByText('viewer@main').waitFor()
  const token = await page.getByRole('status').getByText(/^tpi_/).textContent()
  await server.post('/v1/invitations/accept', { token, name: 'Ben', password: PASSWORD })
  await logIn(server, 'ben@example.com')

  await go(page, 'Sessions')
  await row(page, 'Sessions', '127.0.0.1').waitFor()
  await page.getByRole('button', { name: /^End: / }).click()
  await act(page.getByRole('alertdialog'), 'End it')
  await page.getByText('Nobody is logged in there').waitFor()

  await go(page, 'Users')
  const changing = await dialog(page, 'Change: Ben')
  expect(await changing.getByLabel('auditor').isChecked()).toBe(true)
  await changing.getByLabel('auditor').uncheck()
  await act(changing, 'Change it')
  await expect.poll(() => row(page, 'Users', 'Ben').getByText('auditor').count()).toBe(0)
  await act(await dialog(page, 'Disable: Ben'), 'Disable them')
  await row(page, 'Users', 'Ben').getByText('disabled').waitFor()
  await expect(logIn(server, 'ben@example.com')).rejects.toThrow('not logged in')
  await act(await dialog(page, 'Enable: Ben'), 'Enable them')
  await row(page, 'Users', 'Ben').getByText('may log in').waitFor()
  await logIn(server, 'ben@example.com')
  await act(await dialog(page, 'Remove: Ben'), 'Remove them')
  await expect.poll(() => row(page, 'Users', 'Ben').count()).toBe(0)
})

test('where it takes two, who asks cannot approve, and another sees what exactly they approve', async () => {
  const server = await testServer({ approvals: 'two' })
  await server.post('/v1/events?wait=index', { action: 'order.placed', actor: { id: 'u-1' } })
  const second = await keyOf(server, 'my second key', ['owner'])
  const bert = await keyOfAnother(server, 'bert')
  const { page } = await open(server, {}, '#/admin/erasures')
  await signIn(page)
  const erasing = await dialog(page, 'Erase somebody')
  await erasing.getByLabel('Id, letter by letter').fill('u-1')
  await sayWhy(erasing)
  await act(erasing, 'Erase them')
  await page.getByRole('status').getByText('Asked, not done.').waitFor()
  await page.getByRole('status').getByRole('link', { name: 'Approvals' }).click()
  await page.getByRole('button', { name: 'Look at it: Erase somebody' }).click()
  await page.getByRole('button', { name: 'Withdraw it' }).waitFor()
  expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)

  // A second key makes no second person: the server's reason is shown, and nothing is done.
  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, second)
  await page.getByRole('button', { name: 'Look at it: Erase somebody' }).click()
  const refused = await dialog(page, 'Approve')
  await refused.getByLabel('Reason').fill('so that it goes on')
  await refused.getByRole('button', { name: 'Approve and do it' }).click()
  await refused.getByText('one person is behind this key and the one that asks').waitFor()
  // The digest is one long word, and the buttons stay in reach.
  const { width, height } = page.viewportSize()!
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await refused.evaluate((shown) => shown.scrollWidth - shown.clientWidth)).toBe(0)
  await page.setViewportSize({ width, height })
  await refused.getByRole('button', { name: 'Cancel' }).click()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, bert)
  await page.getByRole('button', { name: 'Look at it: Erase somebody' }).click()
  await page.getByLabel('What exactly is asked for').getByText('"id": "u-1"').waitFor()
  const approving = await dialog(page, 'Approve')
  await approving.getByLabel('Reason').fill('looked at the request')
  await act(approving, 'Approve and do it')
  await page.getByRole('status').getByText('Erase somebody: done.').waitFor()
  await page.getByText('Nothing waits for you').waitFor()
  await page.getByLabel('Show').selectOption('all of the last 90 days')
  await row(page, 'Approvals', 'bert').getByText('done').waitFor()
  const { records: found } = await server.get<{ records: unknown[] }>('/v1/search?q=actor.id:u-1')
  expect(found).toEqual([])
})

test('what was asked for is rejected by another, or withdrawn by who asked, and nothing is done', async () => {
  const server = await testServer({ approvals: 'two' })
  const id = '01a1feef-c4af-7720-a949-5b4ab63b2806'
  await server.post('/v1/events?wait=index', { id, action: 'order.placed', actor: { id: 'u-1' } })
  await newUser(server, 'anna@example.com', ['owner'])
  const { page } = await open(server, {}, '#/admin/erasures')
  await signInWithAccount(page, 'anna@example.com')
  for (const _ of ['to be rejected', 'to be withdrawn']) {
    const erasing = await dialog(page, 'Erase records')
    await erasing.getByLabel('Ids of the records').fill(id)
    await sayWhy(erasing)
    await act(erasing, 'Erase them')
    await page.getByRole('status').getByText('Asked, not done.').waitFor()
  }
  await page.getByRole('status').getByRole('link', { name: 'Approvals' }).click()
  const look = page.getByRole('button', { name: 'Look at it: Erase records' })
  await look.first().click()
  const withdrawing = await dialog(page, 'Withdraw it')
  await withdrawing.getByLabel('Reason').fill('not them')
  await act(withdrawing, 'Withdraw it')
  await page.getByRole('status').getByText('Erase records: withdrawn.').waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in with an API key' }).click()
  await signIn(page)
  await look.click()
  const rejecting = await dialog(page, 'Reject')
  await rejecting.getByLabel('Reason').fill('not asked by them')
  await act(rejecting, 'Reject it')
  await page.getByRole('status').getByText('Erase records: rejected.').waitFor()
  await page.getByText('Nothing waits for you').waitFor()
  expect((await server.get<{ records: unknown[] }>('/v1/search?q=actor.id:u-1')).records).toHaveLength(1)
})

test('records are erased by their ids, and what a hold keeps is said', async () => {
  const server = await testServer()
  const ids = ['01a1feef-c4af-7720-a949-5b4ab63b2806', '01a1feef-c4af-7720-a949-5b4ab63b2807']
  const actors = [{ id: 'u-1' }, { id: 'u-2' }]
  const sent = ids.map((id, i) => ({ id, action: 'order.placed', service: `s-${i}`, actor: actors[i] }))
  await server.post('/v1/events?wait=index', sent)
  const { page } = await open(server, {}, '#/admin/holds')
  await signIn(page)
  const ofQuery = await dialog(page, 'Place a hold')
  await ofQuery.getByLabel('Name').fill('case-7')
  await ofQuery.getByLabel('Query', { exact: true }).fill('service:s-1')
  await sayWhy(ofQuery)
  await act(ofQuery, 'Place it')
  await row(page, 'Legal holds', 'case-7').getByText('service:s-1').waitFor()
  const ofSubject = await dialog(page, 'Place a hold')
  await ofSubject.getByLabel('Name').fill('case-8')
  await ofSubject.getByLabel('Holds').selectOption('all of somebody')
  await ofSubject.getByLabel('Id, letter by letter').fill('u-3')
  await sayWhy(ofSubject)
  await act(ofSubject, 'Place it')
  await row(page, 'Legal holds', 'case-8').getByText('u-3').waitFor()

  await go(page, 'Erasures')
  const erasing = await dialog(page, 'Erase records')
  await erasing.getByLabel('Ids of the records').fill(ids.join('\n'))
  await sayWhy(erasing)
  await erasing.getByRole('button', { name: 'Erase them' }).click()
  await erasing.getByRole('alert').getByText('case-7').waitFor()
  await erasing.getByLabel('Ids of the records').fill(ids[0]!)
  await act(erasing, 'Erase them')
  await page.getByRole('status').getByText('Erased 1 record; entry').waitFor()
})

test('a quarantined record is mended and replayed, another is discarded', async () => {
  const server = await testServer()
  await server.post('/v1/events', [BAD, { ...BAD, action: 5 }])
  const { page } = await open(server, {}, '#/admin/quarantine')
  await signIn(page)
  await page
    .getByRole('button', { name: /^Look at/ })
    .first()
    .click()
  const text = page.getByLabel('The record')
  expect(await text.inputValue()).toContain('yesterday')
  const replay = page.getByRole('button', { name: 'Replay it' })
  await text.fill('{')
  await replay.click()
  await page.getByRole('alert').getByText('This is no JSON').waitFor()
  await text.fill(JSON.stringify({ ...BAD, latency_ms: 'x' }))
  await replay.click()
  await page.getByRole('alert').getByText('/latency_ms').waitFor()
  await text.fill(JSON.stringify({ ...BAD, timestamp: '2026-11-20T10:00:00Z' }))
  await replay.click()
  await page.getByRole('status').getByText('Recorded after all, as entry 0 of main').waitFor()

  await page.getByRole('button', { name: /^Look at/ }).click()
  await act(await dialog(page, 'Discard it'), 'Destroy it')
  await page.getByText('The quarantine is empty').waitFor()
})

test('ledgers, roles, holds and retention are made and taken back', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', { action: 'order.placed', service: 'order' })
  const { page } = await open(server, {}, '#/admin/ledgers')
  await signIn(page)
  const ledger = await dialog(page, 'Make a ledger')
  await ledger.getByLabel('Name').fill('shop')
  await act(ledger, 'Make it')
  await row(page, 'Ledgers', 'shop').getByText('open').first().waitFor()
  await act(await dialog(page, 'Rebuild the index: main'), 'Build it anew')
  await page.getByRole('status').getByText('The index of main is built anew').waitFor()

  await go(page, 'Roles')
  const role = await dialog(page, 'Make a role')
  await role.getByLabel('Name').fill('orders')
  await role.getByLabel('read', { exact: true }).check()
  await role.getByLabel('Only records for which this holds').fill('record.nothing(')
  await role.getByRole('button', { name: 'Make it' }).click()
  await role.getByRole('alert').waitFor()
  await role.getByLabel('Only records for which this holds').fill('record.service == "order"')
  await act(role, 'Make it')
  await row(page, 'Roles', 'orders').getByText('record.service').waitFor()
  const changing = await dialog(page, 'Change: orders')
  await changing.getByLabel('Only records for which this holds').fill('record.service == "bills"')
  await act(changing, 'Change it')
  await row(page, 'Roles', 'orders').getByText('"bills"').waitFor()
  await act(await dialog(page, 'Delete: orders'), 'Delete it')
  await expect.poll(() => row(page, 'Roles', 'orders').count()).toBe(0)

  await go(page, 'Legal holds')
  const hold = await dialog(page, 'Place a hold')
  await hold.getByLabel('Name').fill('case-7')
  await hold.getByLabel('Holds').selectOption('a range of entries')
  await hold.getByLabel('First entry').fill('0')
  await hold.getByLabel('Last entry').fill('0')
  await sayWhy(hold)
  await act(hold, 'Place it')
  await row(page, 'Legal holds', 'case-7').getByText('entries 0 to 0').waitFor()

  await go(page, 'Retention')
  await page.getByRole('button', { name: 'Add a rule' }).click()
  await page.getByLabel('Name').fill('rest')
  await page.getByLabel('Days kept').fill('0')
  await page.getByRole('button', { name: 'Look what they would destroy' }).click()
  await row(page, 'What would be destroyed now', 'rest').waitFor()
  await act(await dialog(page, 'Set these rules'), 'Set them')
  await page.getByRole('status').getByText('The rules count from now on').waitFor()
  expect(await server.get('/v1/retention/main')).toMatchObject({ rules: [{ name: 'rest', keep_days: 0 }] })

  await go(page, 'Legal holds')
  const release = await dialog(page, 'Release: case-7')
  await sayWhy(release)
  await act(release, 'Release it')
  await page.getByText('Nothing is held').waitFor()
})

test('the access log says who asked what, and leads to the record of it', async () => {
  const server = await testServer()
  const reports = await keyOf(server, 'reports', ['viewer'])
  await server.fetch('/v1/search?q=outcome:denied', { token: reports })
  await server.fetch('/v1/keys', { token: reports })
  const { page } = await open(server, {}, '#/admin/access')
  await signIn(page)
  await row(page, 'Accesses', 'outcome:denied').getByText('reports').waitFor()
  await page.getByLabel('Show').selectOption('what was denied')
  const denied = row(page, 'Accesses', 'reports')
  await denied.getByText('✕ denied').waitFor()
  await denied.getByRole('link').click()
  await page.getByRole('heading', { name: 'access.denied' }).waitFor()
})

test('the overview shows what the server does, goes on, and says when it cannot', async () => {
  const server = await testServer()
  const { page } = await open(server, {}, '#/admin/overview')
  await signIn(page)
  await page.getByText('✓ ready').waitFor()
  await page.getByText('0 in all ledgers').waitFor()
  await server.post('/v1/events?wait=index', { action: 'order.placed' })
  await page
    .getByText(/^0\.\d \/ s$/)
    .first()
    .waitFor()
  await page.getByText(/^99 of 100; 0 wait/).waitFor()
  await server.running.stop()
  await page.getByText('This is what was known before. The server cannot be reached.').first().waitFor()
})
