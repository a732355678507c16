/** One's own account: seen and kept by everyone, whatever they may beside. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { logIn, newUser, PASSWORD } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'
import { open, records, signIn, signInWithAccount, VIEWPORTS, violations } from './pages.ts'

async function serverOfAnna(): Promise<TestServer> {
  const server = await testServer()
  await newUser(server, 'anna@example.com', ['viewer@main'])
  await server.post('/v1/events?wait=index', { action: 'order.placed' })
  return server
}

async function logInPage(page: Page): Promise<void> {
  await signInWithAccount(page, 'anna@example.com')
  await records(page).getByText('order.placed').waitFor()
}

test('who may only read sees what they may, ends another session of theirs, and changes the password', async () => {
  const server = await serverOfAnna()
  await logIn(server, 'anna@example.com')
  const { page, complaints } = await open(server)
  await logInPage(page)
  await page.getByRole('link', { name: 'anna@example.com' }).click()
  await page.getByRole('table', { name: 'What you may' }).getByText('viewer').waitFor()
  const sessions = page.getByRole('table', { name: 'Sessions' }).getByRole('row')
  await expect.poll(() => sessions.count()).toBe(3)
  for (const [width, height] of VIEWPORTS) {
    await page.setViewportSize({ width, height })
    expect([width, await violations(page)]).toEqual([width, []])
    expect([width, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([width, width])
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  const other = sessions.filter({ hasText: '127.0.0.1' }).filter({ hasNotText: 'this one' })
  await other.getByRole('button', { name: /^End: / }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'End it' }).click()
  await expect.poll(() => sessions.count()).toBe(2)

  const change = page.getByRole('button', { name: 'Change it' })
  await change.click()
  const asked = page.getByRole('dialog')
  await asked.getByLabel('The one now').fill(PASSWORD)
  await asked.getByLabel('The new one').fill('another horse battery')
  await asked.getByLabel('Once more').fill('another house battery')
  await asked.getByRole('button', { name: 'Change it' }).click()
  await asked.getByRole('alert').getByText('not the same twice').waitFor()
  await page.keyboard.press('Control+k') // a question is answered first
  await asked.getByLabel('Once more').fill('another horse battery')
  await asked.getByRole('button', { name: 'Change it' }).click()
  await page.getByRole('status').getByText('The new password counts from now on').waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
  await logIn(server, 'anna@example.com', 'another horse battery')
  expect(complaints).toEqual([])
})

test('two tabs whose session has to be renewed at once both go on', async () => {
  const server = await serverOfAnna()
  const { page } = await open(server)
  await logInPage(page)
  const second = await page.context().newPage()
  await second.goto(page.url())
  await records(second).getByText('order.placed').waitFor()
  await page.context().clearCookies({ name: 'trailproof' })
  await page.evaluate("localStorage.removeItem('trailproof.renewed')")
  await Promise.all([page.reload(), second.reload()])
  for (const tab of [page, second]) await records(tab).getByText('order.placed').waitFor()
  await page.reload()
  await records(page).getByText('order.placed').waitFor()
})

test('a key has an account, too, without sessions and password', async () => {
  const server = await testServer()
  const { page } = await open(server, {}, '#/account')
  await signIn(page)
  await page.getByRole('table', { name: 'What you may' }).getByText('scope admin').waitFor()
  await page.getByText('API key').waitFor()
  expect(await page.getByRole('button', { name: 'Change it' }).count()).toBe(0)
})
