/** What the original library was proved to get wrong, each as a test that it fails. The first of them is the collectors'. */
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { canonicalJson } from '@trailproof/core'
import {
  createRecorder,
  currentTrail,
  type MemorySink,
  memorySink,
  type Recorder,
  type RecorderOptions,
  setMetadata,
  stdoutSink,
  traceStep,
} from '@trailproof/sdk'
import { trailErrors, trails } from '@trailproof/sdk/express'
import { recordServer } from '@trailproof/sdk/http'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'

// oxlint-disable-next-line typescript/no-explicit-any -- a record's parts differ from test to test
type RecordView = Readonly<Record<string, any>>

function recording(options: RecorderOptions = {}) {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'orders', sink, ...options })
  onTestFinished(() => recorder.close(100))
  return { recorder, sink, trail: () => firstTrail(recorder, sink) }
}

async function firstTrail(recorder: Recorder, sink: MemorySink): Promise<RecordView> {
  while (sink.records.length === 0) {
    await recorder.flush()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return sink.records[0]!
}

async function listening(handler: RequestListener, recorder?: Recorder): Promise<string> {
  const server = createServer(handler)
  if (recorder !== undefined) recordServer(server, recorder)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers with the body that it was sent. */
const echo: RequestListener = (request, response) => {
  response.setHeader('content-type', request.headers['content-type'] ?? 'text/plain')
  request.pipe(response)
}

test('defect 2: a request that sampling leaves out is answered as any other', async () => {
  const { recorder, sink } = recording({ sampling: { rate: 0, keepErrors: false } })
  const url = await listening((_, response) => {
    currentTrail()!.setActor({ id: 'u-1' })
    setMetadata('a', 1)
    response.end(traceStep('work', () => 'done'))
  }, recorder)
  expect(await (await fetch(url)).text()).toBe('done')
  while (recorder.counters.sampledOut === 0) await recorder.flush()
  expect(sink.records).toEqual([])
})

test('defect 3: what comes out of the queue is chained, and anybody can check the chain', async () => {
  const { recorder, sink } = recording()
  for (let n = 0; n < 5; n++) void recorder.openTrail({ action: `job.${n}` }).finish()
  await recorder.flush()
  let before: unknown
  for (const [at, record] of sink.records.entries()) {
    const { hash: own, ...stream } = record['stream'] as Record<string, unknown>
    expect(stream).toMatchObject({ seq: at + 1 })
    expect(stream['prev_hash']).toBe(before)
    expect(own).toBe(hash('sha256', canonicalJson({ ...record, stream })))
    before = own
  }
  expect(sink.records).toHaveLength(5)
})

test.each([9, 10, 11, 16, 70_000])('defect 4: of %i bytes none is lost, whatever the limit', async (size) => {
  const body = '0123456789ABCDEF'.repeat(size / 16 + 1).slice(0, size)
  const outside = await listening(echo)
  const limits = { requestBodyBytesMax: 10, responseBodyBytesMax: 10 }
  const { recorder, trail } = recording({ capture: limits })
  const url = await listening((request, response) => {
    void (async () => {
      const received = Buffer.concat(await request.toArray())
      // An outgoing call over the limit has all of its body, too.
      const answer = await fetch(outside, { method: 'POST', body: received })
      response.end(await answer.text())
    })()
  }, recorder)
  const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })
  expect(await answer.text()).toBe(body)
  const { request, truncated } = await trail()
  expect(request.body).toBe(body.slice(0, 10))
  if (size > 10) expect(truncated[0]).toMatchObject({ path: '/request/body', size })
})

test.each(['node:http', 'express'])('defect 5: on %s what is to be masked is, by any name', async (on) => {
  const { recorder, trail } = recording({ redaction: { names: ['favourite_colour'], mask: '#' } })
  const app = express()
  app.use(trails(recorder), express.json(), (request, response) => response.json(request.body))
  const handler: RequestListener = on === 'express' ? (app as RequestListener) : echo
  const url = await listening(handler, on === 'express' ? undefined : recorder)
  const secrets = {
    access_token: 'S-1',
    userPassword: 'S-2',
    favourite_colour: 'S-3',
    nested: [{ apiKey: 'S-4' }],
  }
  const answer = await fetch(`${url}/a?token=S-5&page=2`, {
    method: 'POST',
    body: JSON.stringify({ ...secrets, name: 'kept', callback: 'https://a.example/?api_key=S-6&b=kept' }),
    headers: { 'content-type': 'application/json', referer: 'https://a.example/?api_key=S-7' },
  })
  expect(await answer.json()).toMatchObject(secrets)
  const record = await trail()
  expect(JSON.stringify(record)).not.toMatch(/S-\d/)
  expect(record['request'].body).toMatchObject({ access_token: '#', favourite_colour: '#', name: 'kept' })
  expect(record['request'].query).toEqual({ page: '2', token: '#' })
})

test.each<[string, string, string]>([
  ['a form', 'application/x-www-form-urlencoded', 'password=hunter2&user=a'],
  [
    'JSON that was cut',
    'application/json',
    `{"user":"a","password":"hunter2","text":"${'x'.repeat(70_000)}"}`,
  ],
])('defect 6: the password in %s of an outgoing call is masked', async (_, type, body) => {
  const outside = await listening(echo)
  const { recorder, trail } = recording()
  const job = recorder.openTrail({ action: 'job.run' })
  await job.run(async () => {
    await (await fetch(outside, { method: 'POST', body, headers: { 'content-type': type } })).text()
    const request = httpRequest(outside, { method: 'POST', headers: { 'content-type': type } })
    request.end(body)
    const [response] = (await once(request, 'response')) as [AsyncIterable<unknown>]
    for await (const chunk of response) void chunk
  })
  void job.finish()
  const record = await trail()
  expect(record['integrations']).toHaveLength(2)
  expect(JSON.stringify(record)).not.toContain('hunter2')
  expect(JSON.stringify(record['integrations'])).toContain('user')
})

test('defect 7: a line on stdout is JSON and stays one line, whatever the ids say', async () => {
  let output = ''
  const stream = new Writable({
    write(chunk, _, done) {
      output += String(chunk)
      done()
    },
  })
  const { recorder } = recording({ sink: stdoutSink({ stream }) })
  const forged = '4bf92f35\n{"action":"forged.line"}'
  const trail = recorder.openTrail({ action: 'job.run' }, () => forged)
  trail.setMetadata({ [forged]: forged })
  void trail.finish()
  await recorder.flush()
  const lines = output.trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  const record = JSON.parse(lines[0]!) as RecordView
  expect(record['action']).toBe('job.run')
  expect(record['trace_id']).toMatch(/^[0-9a-f]{32}$/)
  expect(record['request_id']).not.toContain('\n')
})

const fail: express.ErrorRequestHandler = (_error, _request, response, _next) =>
  void response.status(500).end()

test('defect 8: a handler that throws has its trail', async () => {
  const { recorder, trail } = recording()
  const app = express()
  app.use(trails(recorder))
  app.get('/users/:id', () => {
    throw new Error('boom')
  })
  app.use(trailErrors())
  app.use(fail)
  const url = await listening(app as RequestListener)
  expect((await fetch(`${url}/users/1`)).status).toBe(500)
  expect(await trail()).toMatchObject({
    action: 'GET /users/:id',
    outcome: 'failure',
    errors: [{ message: 'boom' }],
    response: { status: 500 },
  })
})

test('defect 9: a finished trail stays what it is, and each attempt to change it is counted', async () => {
  const { recorder, trail } = recording()
  const opened = recorder.openTrail()
  opened.setRequest({ method: 'DELETE', path: '/users/1' })
  void opened.finish()
  opened.setRequest({ method: 'GET', path: '/harmless' })
  opened.setResponse({ status: 200 })
  opened.setMetadata('innocent', true)
  opened.setActor({ id: 'somebody else' })
  void opened.finish()
  const record = await trail()
  expect(record).toMatchObject({
    request: { method: 'DELETE', path: '/users/1' },
    response: {},
    metadata: {},
  })
  expect(record['actor']).toBeUndefined()
  expect(recorder.counters.late).toBe(5)
})

test('defect 10: closing while everybody writes throws at nobody, and each record is accounted for', async () => {
  const gate = Promise.withResolvers<void>()
  const taken: string[] = []
  const { recorder } = recording({
    queue: { recordsMax: 10, maxAgeMs: 0 },
    sink: {
      name: 'slow',
      async write(batch) {
        await gate.promise
        taken.push(...batch.map(({ id }) => id))
        return batch.map(() => ({ kind: 'written' as const }))
      },
      close: () => Promise.resolve(),
    },
  })
  const write = async (): Promise<void> => {
    for (let n = 0; n < 125; n++) {
      void recorder.openTrail().finish()
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const writers = Promise.all(Array.from({ length: 8 }, write))
  await new Promise((resolve) => setImmediate(resolve))
  const closed = recorder.close(10_000)
  await writers
  gate.resolve()
  await closed
  await new Promise((resolve) => setImmediate(resolve)) // what ended in this turn is sealed at its end
  const { written, dropped, given } = recorder.delivery.counters
  expect(recorder.counters.trails.finished).toBe(1_000)
  expect(dropped.queue_full).toBeGreaterThan(0)
  expect(given).toBe(written + dropped.queue_full + dropped.closed)
  expect(given).toBeGreaterThanOrEqual(1_000)
  expect(new Set(taken).size).toBe(written)
  expect(recorder.counters.faults).toBe(0)
})

test('defect 11: streams flow as they are written, and chunked bodies are in the trail', async () => {
  const { recorder, trail } = recording()
  const gate = Promise.withResolvers<void>()
  const app = express()
  app.use(trails(recorder))
  app.post('/stream', (request, response) => {
    response.type('text/plain').flushHeaders()
    request.once('data', (chunk) => {
      response.write(`got ${String(chunk)}, `)
      void gate.promise.then(() => response.end('done'))
    })
  })
  const url = await listening(app as RequestListener)
  const request = httpRequest(`${url}/stream`, { method: 'POST', headers: { 'content-type': 'text/plain' } })
  request.write('first')
  const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>]
  const pieces: string[] = []
  for await (const piece of response) {
    pieces.push(String(piece))
    request.end(' and second')
    gate.resolve() // only now that the first piece has come
  }
  expect(pieces).toEqual(['got first, ', 'done'])
  expect(await trail()).toMatchObject({
    request: { body: expect.stringContaining('first') as string },
    response: { body: 'got first, done' },
  })
})
