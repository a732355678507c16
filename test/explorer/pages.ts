/** What tests of the explorer share: a shop to look at, and a browser that looks. */
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { PASSWORD } from '../support/new-user.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'
import { fillShop } from './shop.ts'

/** Sizes that everything is looked at in. */
export const VIEWPORTS = [
  [1440, 900],
  [1024, 768],
  [390, 844],
] as const

const ALL_TIME = '#/?last='

export interface Opened {
  readonly page: Page
  /** What the browser complained of: nothing is to break the policy of the pages, and nothing to throw. */
  readonly complaints: string[]
}

export async function open(
  { url }: TestServer,
  options: BrowserContextOptions = {},
  address = ALL_TIME,
): Promise<Opened> {
  const browser = await openBrowser(options)
  onTestFinished(() => browser[Symbol.asyncDispose]())
  const page = await browser.context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${url}/${address}`)
  return { page, complaints }
}

export async function signIn(page: Page, token = ADMIN_TOKEN): Promise<void> {
  await page.getByLabel('API key').fill(token)
  await page.getByLabel('API key').press('Enter')
}

/** As `newUser` made them. */
export async function signInWithAccount(page: Page, email: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in with an account' }).click()
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

export function records(page: Page): Locator {
  return page.getByRole('grid', { name: 'Records' })
}

export function rows(page: Page): Locator {
  return records(page).locator('[role=row][aria-selected]')
}

/** What axe finds, a sentence each. */
export async function violations(page: Page): Promise<readonly string[]> {
  // Its script is put into the page by the debugger, where the page's policy does not hold.
  const { violations: found } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ; ')}`)
}

export async function shop(): Promise<TestServer> {
  const server = await testServer()
  await fillShop(server)
  return server
}
