import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, expect, test } from 'vitest'
import { openBrowser } from './support/browser.ts'
import type { runVectorFile } from './vector-suites.ts'
import { vectorFiles } from './vector-suites.ts'

const opened = new AsyncDisposableStack()

/** core and verify as one script that sets `trailproofVectors`; fails when anything of Node is pulled in. */
async function bundle(): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['trailproof-source', 'module', 'browser', 'import', 'default'] },
    build: {
      write: false,
      minify: false,
      lib: { entry: 'test/vector-suites.ts', formats: ['iife'], name: 'trailproofVectors' },
    },
  })
  const [built] = [output].flat()
  if (built === undefined || !('output' in built)) throw new Error('vite built nothing')
  const code = built.output[0].code
  // Vite replaces node: imports by stubs that fail late; here they fail at once.
  if (/__vite-browser-external|node:/.test(code)) throw new Error('the bundle needs Node')
  return code
}

async function open(): Promise<Page> {
  const script = await bundle()
  const server = createServer((request, response) => {
    const isScript = request.url === '/vectors.js'
    response.setHeader(
      'content-type',
      isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8',
    )
    response.end(isScript ? script : '<!doctype html><script src="/vectors.js"></script>')
  })
  opened.defer(() => void server.close())
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { context } = opened.use(await openBrowser())
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return page
}

// Every test awaits it, so that a missing Chromium fails each of them and is never taken for a skip.
const ready = open()
ready.catch(() => undefined) // until a test awaits it, nobody does

afterAll(async () => {
  await opened.disposeAsync()
})

test.each(vectorFiles)('every case of spec/vectors/%s.json holds in Chromium', async (name) => {
  const page = await ready
  const json = readFileSync(`spec/vectors/${name}.json`, 'utf8')
  const failures = await page.evaluate(
    ([file, text]) => (globalThis as unknown as Bundled).trailproofVectors.runVectorFile(file, text),
    [name, json] as const,
  )
  expect(failures).toEqual([])
})

/** The global of the page that the bundle sets. */
interface Bundled {
  readonly trailproofVectors: { readonly runVectorFile: typeof runVectorFile }
}
