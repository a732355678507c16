/**
 * How fast the explorer is in a Chromium on this machine, on 100,000 records: first view, search, live tail, memory.
 *
 *     npm run bench:explorer                        a tail of 2 minutes
 *     npm run bench:explorer -- --tail-minutes 10
 *
 * Without a graphics card, and with server, sender and browser on the same cores: what people see is faster.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CDPSession, Page } from 'playwright-core'
import { openBrowser } from '../test/support/browser.ts'
import { type BenchServer, startBenchServer, TOKEN } from './bench-server.ts'
import { grow, untilIndexed } from './figures.ts'
import { percentile } from './http-load.ts'
import { sampleRecords } from './sample-records.ts'

const RECORDS = 100_000
const VIEWS = 5
const SEARCHES = 30
const TAIL_PER_SECOND = 1_000
const BATCHES_PER_SECOND = 10

const { values } = parseArgs({ options: { 'tail-minutes': { type: 'string', default: '2' } } })
const tailMs = Number(values['tail-minutes']) * 60_000

const root = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))
const server = await startBenchServer(root)
try {
  await grow(server, RECORDS)
  await untilIndexed(server)
  await firstViews(server)
  await using browser = await openBrowser({ viewport: { width: 1440, height: 900 } })
  const page = await browser.context.newPage()
  await signedIn(page, server)
  await searches(page)
  await tail(page, server, await browser.context.newCDPSession(page))
} finally {
  await server.stop('SIGTERM')
  rmSync(root, { recursive: true, force: true })
}

/** With nothing kept: the sign-in, and the records after it. */
async function firstViews({ port }: BenchServer): Promise<void> {
  const painted: number[] = []
  let kilobytes = 0
  for (let i = 0; i < VIEWS; i++) {
    await using browser = await openBrowser()
    const page = await browser.context.newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.getByLabel('API key').waitFor()
    painted.push(
      await page.evaluate<number>(`new Promise((resolve) => {
        new PerformanceObserver((list) => {
          for (const { name, startTime } of list.getEntries()) if (name === 'first-contentful-paint') resolve(startTime)
        }).observe({ type: 'paint', buffered: true })
      })`),
    )
    kilobytes = await page.evaluate<number>(
      `performance.getEntriesByType('resource').reduce((sum, { transferSize }) => sum + transferSize, 0) / 1000`,
    )
  }
  print('first view, kB over the network (brotli; budget 200 gzip)', kilobytes)
  print('first view painted, ms, median', share(painted, 0.5))
}

async function signedIn(page: Page, { port }: BenchServer): Promise<void> {
  await page.goto(`http://127.0.0.1:${port}/#/?last=`)
  await page.getByLabel('API key').fill(TOKEN)
  const started = performance.now()
  await page.getByLabel('API key').press('Enter')
  await page.locator('[role=row][aria-selected]').first().waitFor()
  print('from the key to the first record, ms', performance.now() - started)
}

/** From Enter to the frame that shows the answer; the time that the server says it took is part of it. */
async function searches(page: Page): Promise<void> {
  const queries = ['outcome:failure', 'action:payment.*', 'service:auth-api outcome:denied', 'refunded', '']
  const took: number[] = []
  for (let i = 0; i < SEARCHES; i++) {
    await page.getByLabel('Query').fill(queries[i % queries.length]!)
    // The list is of this query when its status is another than before; then the next frame but one is painted.
    const painted = page.evaluate<number>(`new Promise((resolve) => {
      const status = document.querySelector('main [role=status]')
      const started = performance.now()
      const observer = new MutationObserver(() => {
        observer.disconnect()
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - started)))
      })
      observer.observe(status, { childList: true, characterData: true, subtree: true })
    })`)
    await page.getByLabel('Query').press('Enter')
    took.push(await painted)
  }
  print('search painted, ms, median', share(took, 0.5))
  print('search painted, ms, p99', share(took, 0.99))
}

async function tail(page: Page, bench: BenchServer, debug: CDPSession): Promise<void> {
  await page.goto(`http://127.0.0.1:${bench.port}/#/?live=true`)
  await page.getByText('Live', { exact: true }).last().waitFor()
  await page.evaluate(`{
    globalThis.gaps = []
    let last = performance.now()
    const frame = (now) => { gaps.push(now - last); last = now; requestAnimationFrame(frame) }
    requestAnimationFrame(frame)
    globalThis.longTasks = []
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'longtask' })
  }`)
  await send(bench, 10_000)
  const before = await heapMebibytes(page, debug)
  await page.evaluate('gaps.length = 0; longTasks.length = 0')
  await send(bench, tailMs)
  const gaps = await page.evaluate<number[]>('gaps')
  const tasks = await page.evaluate<number[]>('longTasks')
  print('tail: records a second', TAIL_PER_SECOND)
  print('tail: frames', gaps.length)
  print('tail: frames later than 50 ms', gaps.filter((gap) => gap > 50).length)
  print('tail: time between frames, ms, p99', share(gaps, 0.99))
  print('tail: tasks longer than 50 ms', tasks.length)
  print('tail: longest of them, ms', Math.max(0, ...tasks))
  print('tail: heap after 10 s, MiB', before)
  print(`tail: heap after ${values['tail-minutes']} minutes, MiB`, await heapMebibytes(page, debug))
}

/** At an even rate: what a busy moment held up is not made up for. */
async function send({ port }: BenchServer, forMs: number): Promise<void> {
  const until = performance.now() + forMs
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  for (let seed = 1000; performance.now() < until; seed++) {
    const next = performance.now() + 1000 / BATCHES_PER_SECOND
    const body = JSON.stringify(sampleRecords(TAIL_PER_SECOND / BATCHES_PER_SECOND, seed))
    const { ok, status } = await fetch(`http://127.0.0.1:${port}/v1/events`, {
      method: 'POST',
      headers,
      body,
    })
    if (!ok) throw new Error(`records were answered ${status}`)
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(0, next - performance.now()))
    })
  }
}

async function heapMebibytes(page: Page, debug: CDPSession): Promise<number> {
  await debug.send('HeapProfiler.collectGarbage')
  return (await page.evaluate<number>('performance.memory.usedJSHeapSize')) / 2 ** 20
}

function share(measured: readonly number[], part: number): number {
  return percentile(Float64Array.from(measured).toSorted(), part)
}

function print(name: string, value: number): void {
  process.stdout.write(`${name.padEnd(60)} ${value.toLocaleString('en', { maximumFractionDigits: 1 })}\n`)
}
