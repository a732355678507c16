/** The examples do what they say; README and docs show what is in them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'

const running: ChildProcess[] = []
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null) continue
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  }
})

// oxlint-disable-next-line typescript/no-explicit-any -- a record's parts differ from test to test
type RecordView = Readonly<Record<string, any>>

async function example(name: string, env: Readonly<Record<string, string>> = {}) {
  const port = await freePort()
  const child = spawn(process.execPath, ['--conditions=trailproof-source', `examples/${name}.js`], {
    env: { ...process.env, ...env, PORT: String(port), TRAILPROOF_URL: '', NODE_ENV: 'example' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  const records: RecordView[] = []
  createInterface(child.stdout).on('line', (line) => records.push(JSON.parse(line) as RecordView))
  const ask = async (path: string, init?: RequestInit): Promise<Response> => {
    for (;;)
      try {
        return await fetch(`http://127.0.0.1:${port}${path}`, init)
      } catch (error) {
        if (child.exitCode !== null) throw error
        await new Promise((resolve) => setImmediate(resolve))
      }
  }
  const recorded = async (count: number): Promise<readonly RecordView[]> => {
    while (records.length < count) await new Promise((resolve) => setImmediate(resolve))
    return records
  }
  return { ask, recorded }
}

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})

test('express.js: a trail with its step, an event of the same trace, and an error', async () => {
  const { ask, recorded } = await example('express')
  expect((await ask('/orders', json({ items: [1, 2], cardNumber: '4111111111111111' }))).status).toBe(201)
  expect((await ask('/orders/7')).status).toBe(500)
  const records = await recorded(3)
  const [event, created, failed] = [
    records.find(({ kind }) => kind === 'event')!,
    records.find(({ action }) => action === 'POST /orders')!,
    records.find(({ action }) => action === 'GET /orders/:id')!,
  ]
  expect(event).toMatchObject({
    action: 'order.created',
    actor: { id: 'u-1' },
    trace_id: created['trace_id'],
  })
  expect(created).toMatchObject({
    service: 'orders',
    environment: 'example',
    request: { body: { items: [1, 2], cardNumber: '***' } },
    response: { status: 201, body: { id: 'o-1', price: 20 } },
    internal_steps: [{ name: 'price' }],
  })
  expect(failed).toMatchObject({ outcome: 'failure', errors: [{ message: 'no order 7' }] })
})

test('fastify.js: a payment whose card is shown in part', async () => {
  const spool = mkdtempSync(join(tmpdir(), 'trailproof-example-'))
  const { ask, recorded } = await example('fastify', { SPOOL: spool })
  const answer = await ask('/payments', json({ card: '4111 1111 1111 1111', amount: 5 }))
  expect(await answer.json()).toEqual({ id: 'p-5' })
  expect(await recorded(1)).toMatchObject([
    {
      action: 'POST /payments',
      request: { body: { card: '411111******1111' } },
      internal_steps: [{ name: 'charge', request: { card: '411111******1111' } }],
    },
  ])
  expect(readdirSync(spool)).toHaveLength(1)
  rmSync(spool, { recursive: true, force: true })
})

test('worker.js: the job goes on with the trail of its request', async () => {
  const { ask, recorded } = await example('worker')
  expect((await ask('/invoices')).status).toBe(202)
  const records = await recorded(2)
  const request = records.find(({ causation_id }) => causation_id === undefined)!
  const job = records.find(({ action }) => action === 'invoice.sent')!
  expect(job).toMatchObject({
    trace_id: request['trace_id'],
    causation_id: request['id'],
    metadata: { invoice: 'i-1' },
  })
})

test('open-telemetry.js: a span is a call of the trail', async () => {
  const { ask, recorded } = await example('open-telemetry')
  await (await ask('/users')).text()
  expect(await recorded(1)).toMatchObject([
    { service: 'users', integrations: [{ type: 'database', name: 'SELECT users' }] },
  ])
})

test.each(['README.md', 'docs/sdk.md'])('snippets in %s are lines of the examples', (page) => {
  const examples = readdirSync('examples')
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join('examples', name), 'utf8'))
    .join('\n')
  for (const [, snippet] of readFileSync(page, 'utf8').matchAll(/<!-- example -->\n+```js\n([\s\S]*?)```/g))
    for (const line of snippet!.split('\n'))
      expect(examples.includes(line.trim()), `${page}: ${line}`).toBe(true)
})
