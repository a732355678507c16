/** The viewer as a product's customers see it: in a page of another origin, under a strict policy, with a token of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { build, type Rolldown } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { tokenFor } from '../support/api-key.ts'
import { openBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { type TestServer, testServer } from '../support/test-server.ts'
import { VIEWPORTS, violations } from './pages.ts'

const RECORDS = 60
/** The machine may be busy with other tests. */
const PATIENT = { timeout: 30_000 }
const START_MS = Date.parse('2026-11-20T08:00:00Z')

interface Product {
  readonly server: TestServer
  readonly url: string
}

/** examples/viewer and a server that lets its pages in; `localhost` and `127.0.0.1` are two sites. */
async function product(settings: Record<string, unknown> = {}): Promise<Product> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const server = await testServer({ viewer_origins: url, ...settings })
  const records = Array.from({ length: RECORDS }, (_, i) => ({
    timestamp: new Date(START_MS + i * 60_000).toISOString(),
    action: i === 7 ? 'payout_account.changed' : 'order.placed',
    outcome: i % 9 === 0 ? 'failure' : 'success',
    actor: { id: i % 2 === 0 ? 'u-2002' : 'u-1001', name: i % 2 === 0 ? 'Berta' : 'Ada' },
    message: i === 9 ? `<img src=x onerror="document.title='taken'">${'long'.repeat(200)}` : `order ${i}`,
    ...(i === 7 && { changes: [{ path: '/iban', old: 'DE02', new: 'DE83' }], reason: 'moved' }),
  }))
  await server.post('/v1/events?wait=index', records)
  const token = await tokenFor(server, { scopes: ['admin'] })
  const env = { ...process.env, PORT: String(port), TRAILPROOF_URL: server.url, TRAILPROOF_TOKEN: token }
  const child = spawn(process.execPath, ['examples/viewer/server.js'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    child.kill()
    if (child.exitCode === null) await once(child, 'exit')
  })
  await once(child.stdout, 'data')
  return { server, url }
}

async function openPage(url: string) {
  const browser = await openBrowser()
  onTestFinished(() => browser[Symbol.asyncDispose]())
  const page = await browser.context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  return { page, complaints, open: () => page.goto(url) }
}

function items(page: Page) {
  return page.getByRole('list', { name: 'Audit log' }).getByRole('listitem')
}

test('a customer sees their own records, page by page, and what changed, by keyboard alone', async () => {
  const { url } = await product()
  const { page, complaints, open } = await openPage(url)
  await open()
  await expect.poll(() => items(page).count(), PATIENT).toBe(25)
  expect(await items(page).first().textContent()).toMatch(/Ada.*order\.placed.*✓ Success/)
  expect(await page.getByText('Berta').count()).toBe(0)
  await page.getByRole('button', { name: 'Load more' }).focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => items(page).count(), PATIENT).toBe(30)
  expect(await page.getByRole('button', { name: 'Load more' }).isVisible()).toBe(false)

  await page.getByRole('searchbox', { name: 'Search the audit log' }).focus()
  await page.keyboard.type('action:payout_account.changed OR actor.id:u-2002')
  await page.keyboard.press('Enter')
  await expect.poll(() => items(page).count(), PATIENT).toBe(1)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const change = page.getByRole('row', { name: '/iban' })
  expect(await change.textContent()).toBe('/ibanDE02DE83')
  expect(await page.getByText('moved').isVisible()).toBe(true)
  expect(complaints).toEqual([])
})

test('nothing that axe finds, and nothing reaches beyond the page, in both themes and at every width', async () => {
  const { url } = await product()
  const { page, open } = await openPage(url)
  await open()
  await expect.poll(() => items(page).count(), PATIENT).toBe(25)
  await page.getByRole('searchbox').fill('onerror')
  await page.keyboard.press('Enter')
  await expect.poll(() => items(page).count(), PATIENT).toBe(1)
  await items(page).first().click()
  await page.getByText('longlong').waitFor()
  for (const [width, height] of [...VIEWPORTS, [320, 640]] as const)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      expect(await violations(page), `${width} ${colorScheme}`).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    }
  // What a record says is text, whatever it says.
  expect(await page.title()).toBe('Your account')
})

test('a token that ends is asked for again, and the list goes on where it was', async () => {
  const { server, url } = await product()
  const { page, open } = await openPage(url)
  await open()
  await expect.poll(() => items(page).count(), PATIENT).toBe(25)
  const pass = { maker: 'preset', ledger: 'main', query: 'action:*', name: 'x', personal: true, prove: false }
  const expired = server.running.services.viewers.make({ ...pass, expiresAt: Date.now() - 1 })
  await page.evaluate(`{
    const viewer = document.querySelector('trailproof-viewer')
    viewer.addEventListener('expired', () => (viewer.isEnded = true))
    viewer.token = ${JSON.stringify(expired)}
  }`)
  await expect
    .poll(() => page.evaluate('document.querySelector("trailproof-viewer").isEnded'), PATIENT)
    .toBe(true)
  await expect.poll(() => items(page).count(), PATIENT).toBe(25)

  // The next page is asked for with a token that has ended meanwhile.
  const asExpired = { authorization: `Bearer ${expired}` }
  await page.route(
    '**/v1/search',
    (route) => route.continue({ headers: { ...route.request().headers(), ...asExpired } }),
    { times: 1 },
  )
  await page.getByRole('button', { name: 'Load more' }).click()
  await expect.poll(() => items(page).count(), PATIENT).toBe(30)
})

test('empty, not found, misunderstood, ended and unreachable are told apart', async () => {
  const { server, url } = await product()
  const { page, open } = await openPage(url)
  await open()
  await expect.poll(() => items(page).count(), PATIENT).toBe(25)
  const search = async (q: string) => {
    await page.getByRole('searchbox').fill(q)
    await page.keyboard.press('Enter')
  }
  await search('action:nothing.such')
  await page.getByText('Nothing matches this search.').first().waitFor()
  expect(await violations(page)).toEqual([])
  await search('actor.id:(')
  await page.getByRole('alert').filter({ hasText: '(at ' }).waitFor()
  await expect.poll(() => page.getByRole('searchbox').getAttribute('aria-invalid'), PATIENT).toBe('true')
  expect(await violations(page)).toEqual([])
  await server.running.stop()
  await search('')
  await page.getByRole('button', { name: 'Try again' }).waitFor()
  expect(await page.getByText('The audit log cannot be reached.').first().isVisible()).toBe(true)
})

test('a page whose origin is not set shows nothing', async () => {
  const { url } = await product({ viewer_origins: 'https://shop.example.com' })
  const { page, open } = await openPage(url)
  await open()
  await page.getByText('The audit log cannot be reached.').first().waitFor()
  expect(await items(page).count()).toBe(0)
})

/** A page of a product that is made with React. */
const REACT_PAGE = `
  import { createElement, useState } from 'react'
  import { createRoot } from 'react-dom/client'
  import { TrailproofViewer } from '@trailproof/viewer/react'

  function Page() {
    const [given, setGiven] = useState(globalThis.given)
    const onExpired = async () => setGiven(await (await fetch('/viewer-token')).json())
    return createElement(TrailproofViewer, { ...given, onExpired, pageSize: 10, texts: { records: 'Protokoll' } })
  }
  document.documentElement.lang = 'de'
  createRoot(document.body).render(createElement(Page))
`

async function bundled(code: string): Promise<string> {
  const entry = '/page-of-the-test.js'
  const made = (await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['trailproof-source', 'module', 'browser', 'default'] },
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? join('packages/web', entry) : undefined),
        load: (id) => (id.endsWith(entry) ? code : undefined),
      },
    ],
    build: {
      write: false,
      lib: { entry, formats: ['es'] },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput[]
  return made[0]!.output[0].code
}

test('in React it is a component, whose token is asked for again when it ends', async () => {
  const { server, url } = await product()
  const { page, complaints, open } = await openPage(url)
  const pass = { maker: 'preset', ledger: 'main', query: 'action:*', name: 'x', personal: true, prove: false }
  const token = server.running.services.viewers.make({ ...pass, expiresAt: Date.now() - 1 })
  const given = `globalThis.given = ${JSON.stringify({ server: server.url, token })};`
  const body = given + (await bundled(REACT_PAGE))
  // In the page itself: a browser does not know where a document came from that was only handed to it.
  await page.route('**/page.js', (route) => route.fulfill({ contentType: 'text/javascript', body }))
  await open()
  const list = page.getByRole('list', { name: 'Protokoll' }).getByRole('listitem')
  await expect.poll(() => list.count(), PATIENT).toBe(10)
  expect(await list.first().textContent()).toContain('20.11.2026')
  expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
})
