/**
 * Takes the pictures of the explorer in docs/images/, of a server that `trailproof demo` filled with the same shop as ever:
 *
 *     npm run build:explorer && node scripts/screenshots.mjs
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'
import { smallerPng } from './smaller-png.mjs'

const MAIN = ['--conditions=trailproof-source', resolve('packages/cli/src/main.ts')]
const TOKEN = 'token-of-the-screenshots'
/** Where the example of a product is, whose customer looks. */
const PRODUCT = 'http://localhost:4199'
const SHOP = ['--seed', '7', '--records', '5000', '--over', '24h', '--until', '2026-11-22T18:00:00Z']
const IMAGES = resolve('docs/images')
const IMAGE_BYTES_MAX = 200_000
const VIEWPORT = { width: 1280, height: 800 }

/** What the intruder achieved. */
const INCIDENT = '#/?q=source.ip:203.0.113.66 kind:event outcome:success&last='

/** Each brings the page to what is to be seen. */
const PICTURES = {
  records: async (page, open) => {
    await open('#/?q=kind:event&last=')
    await page.getByRole('img', { name: /records over time/ }).waitFor()
    await rows(page).nth(3).click()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
  },
  changes: async (page, open) => {
    await openPayout(page, open)
    await page.getByRole('tab', { name: 'Changes' }).click()
    await page.getByRole('row', { name: '/iban' }).waitFor()
  },
  trail: async (page, open) => {
    await openPayout(page, open)
    await page.getByRole('tab', { name: 'Trail' }).click()
    await page.getByText(/services, \d+ parts/).waitFor()
  },
  proof: async (page, open) => {
    await openPayout(page, open)
    await page.getByRole('tab', { name: 'Proof' }).click()
    await page.getByText('what is shown here is what was proved').waitFor()
  },
  viewer: async (page) => {
    await page.goto(PRODUCT)
    await page.getByRole('list', { name: 'Audit log' }).getByRole('listitem').first().waitFor()
  },
}

async function openPayout(page, open) {
  await open(INCIDENT)
  await rows(page).filter({ hasText: 'payout_account.changed' }).click()
}

const home = mkdtempSync(join(tmpdir(), 'trailproof-screenshots-'))
const processes = []
try {
  const serve = [...MAIN, 'serve', '--port', '0', '--data', 'data', '--keys', 'keys']
  const url = await start(serve, {
    cwd: home,
    TRAILPROOF_ADMIN_TOKEN: TOKEN,
    TRAILPROOF_VIEWER_ORIGINS: PRODUCT,
  })
  const { port } = new URL(PRODUCT)
  await start(['examples/viewer/server.js'], { TRAILPROOF_URL: url, TRAILPROOF_TOKEN: TOKEN, PORT: port })
  fill(url)
  mkdirSync(IMAGES, { recursive: true })
  for (const colorScheme of ['light', 'dark']) await takeAll(url, colorScheme)
} finally {
  for (const child of processes)
    if (child.exitCode === null) {
      child.kill()
      await once(child, 'exit')
    }
  rmSync(home, { recursive: true, force: true })
}

/** Its address, once it answers there. */
function start(args, { cwd = process.cwd(), ...settings }) {
  const env = { ...process.env, ...settings }
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  processes.push(child)
  return addressOf(child)
}

async function addressOf({ stdout }) {
  let said = ''
  for await (const chunk of stdout) {
    said += chunk
    const [url] = /http:\/\/(?:127\.0\.0\.1|localhost):\d+/.exec(said) ?? []
    if (url !== undefined) return url
  }
  throw new Error(`the server ended:\n${said}`)
}

function fill(url) {
  const env = { ...process.env, TRAILPROOF_URL: url, TRAILPROOF_TOKEN: TOKEN }
  const { status } = spawnSync(process.execPath, [...MAIN, 'demo', ...SHOP], { env, stdio: 'inherit' })
  if (status !== 0) throw new Error(`trailproof demo ended with ${status}`)
}

async function takeAll(url, colorScheme) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const context = await browser.newContext({
      viewport: VIEWPORT,
      colorScheme,
      timezoneId: 'UTC',
      locale: 'en-GB',
    })
    const page = await context.newPage()
    await page.goto(url)
    await page.getByLabel('API key').fill(TOKEN)
    await page.getByLabel('API key').press('Enter')
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    const open = async (address) => {
      await page.goto(`${url}/${address}`)
      await page.reload()
      await rows(page).first().waitFor()
    }
    for (const [name, show] of Object.entries(PICTURES)) {
      await show(page, open)
      await page.evaluate('document.fonts.ready')
      await page.waitForLoadState('networkidle')
      const path = join(IMAGES, `${name}-${colorScheme}.png`)
      const image = smallerPng(await page.screenshot({ animations: 'disabled' }))
      writeFileSync(path, image)
      process.stdout.write(`${path} ${Math.ceil(image.length / 1000)} kB\n`)
      if (image.length > IMAGE_BYTES_MAX) throw new Error(`${path} has more than ${IMAGE_BYTES_MAX} bytes`)
    }
  } finally {
    await browser.close()
  }
}

function rows(page) {
  return page.getByRole('grid', { name: 'Records' }).locator('[role=row][aria-selected]')
}
