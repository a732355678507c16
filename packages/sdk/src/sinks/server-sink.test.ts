import { AsyncLocalStorage } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import diagnosticsChannel from 'node:diagnostics_channel'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ClientRequest } from 'node:http'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { recorded, scriptedServer, status } from '../../../../test/sdk/delivery/scripted-server.ts'
import { sealed } from '../../../../test/sdk/delivery/scripted-sink.ts'
import { temporaryDirectory } from '../../../../test/sdk/delivery/temporary-directory.ts'
import { isOwnTraffic } from './own-traffic.ts'
import { type ServerSink, type ServerSinkOptions, serverSink } from './server-sink.ts'

const { signal } = new AbortController()

function sinkTo({ url }: { url: string }, options: Partial<ServerSinkOptions> = {}): ServerSink {
  const sink = serverSink({ url, ...options })
  onTestFinished(() => sink.close())
  return sink
}

const records = (count: number, extra?: Record<string, unknown>) =>
  Array.from({ length: count }, (_, n) => sealed(n, extra))

describe('a batch', () => {
  test('goes as NDJSON with key and ledger, and each record gets its receipt', async () => {
    const server = await scriptedServer()
    const sink = sinkTo(server, { key: 'tp_secret', ledger: 'orders', headers: { 'x-team': 'a' } })
    const fates = await sink.write(records(2), signal)
    const [asked] = server.asked
    expect(asked).toMatchObject({
      method: 'POST',
      url: '/v1/events?ledger=orders',
      headers: { authorization: 'Bearer tp_secret', 'content-type': 'application/x-ndjson', 'x-team': 'a' },
      body: `${sealed(0).line}\n${sealed(1).line}\n`,
    })
    expect(asked!.headers['content-encoding']).toBeUndefined()
    expect(fates).toMatchObject([
      {
        kind: 'written',
        receipt: { id: sealed(0).id, ledger: 'main', index: 0, status: 'recorded', checkpoint: 'a note\n' },
      },
      { kind: 'written', receipt: { id: sealed(1).id, index: 1 } },
    ])
    const [first] = fates
    if (first?.kind !== 'written') throw new Error('not written')
    expect(JSON.parse(first.receipt!.evidence)).toMatchObject({
      id: sealed(0).id,
      leaf_hash: expect.any(String),
      checkpoint: 'a note\n',
    })
  })

  test('says of each record what became of it', async () => {
    const problems = [{ field: '/action', message: 'is missing' }]
    const server = await scriptedServer([
      recorded({
        0: {
          id: sealed(0).id,
          ledger: 'main',
          index: 7,
          leaf_hash: '',
          recorded_at: '',
          status: 'duplicate',
        },
        1: { id: sealed(1).id, ledger: 'main', index: 3, status: 'conflict' },
        2: { ledger: 'main', status: 'quarantined', quarantine_id: 'q-1', problems },
        3: { ledger: 'main', status: 'refused', problems: [] },
      }),
    ])
    expect(await sinkTo(server).write(records(5), signal)).toMatchObject([
      { kind: 'written', receipt: { status: 'duplicate', index: 7 } },
      { kind: 'refused', status: 'conflict' },
      { kind: 'refused', status: 'quarantined', reason: '/action: is missing (kept as q-1)' },
      { kind: 'refused', status: 'refused', reason: 'record: not valid' },
      { kind: 'written' },
    ])
  })

  test.each(['gzip', 'zstd'] as const)('is compressed with %s when it is worth it', async (compress) => {
    const server = await scriptedServer()
    const sink = sinkTo(server, { compress })
    await sink.write(records(1), signal)
    await sink.write(records(50), signal)
    expect(server.asked.map(({ headers }) => headers['content-encoding'])).toEqual([undefined, compress])
    expect(server.asked[1]!.records).toHaveLength(50)
  })

  test('goes uncompressed to a server that does not know the encoding, from then on', async () => {
    const server = await scriptedServer([status(415)])
    const sink = sinkTo(server)
    expect(await sink.write(records(50), signal)).toHaveLength(50)
    await sink.write(records(50), signal)
    expect(server.asked.map(({ headers }) => headers['content-encoding'])).toEqual([
      'gzip',
      undefined,
      undefined,
    ])
  })

  test('asks for proofs where they are wished for', async () => {
    const server = await scriptedServer()
    await sinkTo(server).write(records(1), signal, { proofs: true })
    await sinkTo(server, { proofs: true }).write(records(1), signal)
    await sinkTo(server, { receipts: { path: join(temporaryDirectory(), 'r') } }).write(records(1), signal)
    expect(server.asked.map(({ url }) => url)).toEqual(Array(3).fill('/v1/events?receipt=proof'))
  })

  test('that is too large is halved until it fits; the rest comes again', async () => {
    const server = await scriptedServer([status(413), status(413)])
    expect(await sinkTo(server).write(records(8), signal)).toHaveLength(2)
    expect(server.asked.map((asked) => asked.records.length)).toEqual([8, 4, 2])
  })

  test('of one record that is too large is refused', async () => {
    const server = await scriptedServer([status(413, {}, JSON.stringify({ title: 'The body is too large' }))])
    expect(await sinkTo(server).write(records(1), signal)).toEqual([
      { kind: 'refused', status: 'refused', reason: 'The body is too large' },
    ])
  })
})

describe('an answer', () => {
  test.each<[number, Record<string, string>, boolean, number | undefined]>([
    [503, { 'retry-after': '2' }, true, 2_000],
    [429, { 'retry-after': '0' }, true, 0],
    [503, {}, true, undefined],
    [502, { 'retry-after': 'soon' }, true, undefined],
    [500, {}, true, undefined],
    [408, {}, true, undefined],
    [400, {}, false, undefined],
    [405, {}, false, undefined],
    [422, {}, false, undefined],
  ])('of %i %j: retryable %s', async (code, headers, retryable, retryAfterMs) => {
    const server = await scriptedServer([status(code, headers)])
    await expect(sinkTo(server).write(records(1), signal)).rejects.toMatchObject({
      name: 'SinkError',
      retryable,
      retryAfterMs,
    })
  })

  test('with a date to come back at is understood', async () => {
    const server = await scriptedServer([
      status(503, { 'retry-after': new Date(Date.now() + 90_000).toUTCString() }),
    ])
    const error = (await sinkTo(server)
      .write(records(1), signal)
      .catch((reason: unknown) => reason)) as { retryAfterMs: number }
    expect(error.retryAfterMs).toBeGreaterThan(60_000)
    expect(error.retryAfterMs).toBeLessThanOrEqual(90_000)
  })

  test.each([401, 403, 404, 301])('of %i waits for people, and says so loudly, once', async (code) => {
    const warnings: string[] = []
    const listen = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', listen)
    onTestFinished(() => void process.off('warning', listen))
    const body = JSON.stringify({ title: 'An API key is needed', detail: 'no such API key' })
    const server = await scriptedServer([status(code, {}, body), status(code, {}, body)])
    const sink = sinkTo(server, { key: 'tp_secret' })
    for (let n = 0; n < 2; n++)
      await expect(sink.write(records(1), signal)).rejects.toMatchObject({
        retryable: true,
        retryAfterMs: 30_000,
      })
    expect(await sink.write(records(1), signal)).toHaveLength(1)
    expect(warnings).toEqual([
      `server ${server.url}/ answered ${code}: An API key is needed: no such API key. Records wait until this is mended.`,
    ])
    expect(warnings.join()).not.toContain('tp_secret')
  })

  test.each([
    '',
    'OK',
    '<html>captive portal</html>',
    '{}',
    'null',
    '{"receipts":[],"checkpoint":""}',
    '{"receipts":[{"status":"maybe"}],"checkpoint":""}',
    '{"receipts":[null],"checkpoint":""}',
    '{"receipts":[{"status":"recorded","id":"another"}],"checkpoint":""}',
  ])('that is not our server’s is no success: %j', async (body) => {
    const server = await scriptedServer([status(200, {}, body)])
    await expect(sinkTo(server).write(records(1), signal)).rejects.toMatchObject({
      name: 'SinkError',
      retryable: true,
    })
  })

  test('that breaks off is no success', async () => {
    const server = await scriptedServer([
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('{"receipts":')
        setImmediate(() => response.destroy())
      },
    ])
    await expect(sinkTo(server).write(records(1), signal)).rejects.toMatchObject({ retryable: true })
  })
})

describe('a server that does not answer', () => {
  test('is given up in time', async () => {
    const server = await scriptedServer([() => undefined])
    await expect(sinkTo(server, { timeoutMs: 30 }).write(records(1), signal)).rejects.toMatchObject({
      retryable: true,
      message: `server ${server.url}/ is not reached: no answer within 30 ms`,
    })
  })

  test('is given up when that is asked for', async () => {
    const abort = new AbortController()
    const server = await scriptedServer([() => abort.abort(new Error('enough'))])
    const sink = sinkTo(server)
    await expect(sink.write(records(1), abort.signal)).rejects.toMatchObject({ retryable: true })
    await expect(sink.write(records(1), abort.signal), 'also before it begins').rejects.toMatchObject({
      retryable: true,
    })
    expect(server.asked).toHaveLength(1)
  })

  test('because it is not there fails for now', async () => {
    const server = await scriptedServer()
    server.server.close()
    await expect(sinkTo(server).write(records(1), signal)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('does not keep the process alive', async () => {
    const server = await scriptedServer([() => child.kill('SIGUSR2')])
    const source = `
      import { serverSink } from ${JSON.stringify(new URL('./server-sink.ts', import.meta.url).href)}
      process.on('SIGUSR2', () => clearInterval(alive))
      const alive = setInterval(() => undefined, 1000)
      void serverSink({ url: ${JSON.stringify(server.url)} }).write([{ id: 'x', kind: 'event', seq: 0, line: '{"id":"x"}' }], new AbortController().signal)`
    const child = spawn(
      process.execPath,
      ['--conditions=trailproof-source', '--input-type=module', '-e', source],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    )
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
  })
})

describe('connections', () => {
  test('are kept, and one that went stale is no failure', async () => {
    const server = await scriptedServer()
    const sink = sinkTo(server)
    for (let n = 0; n < 5; n++) await sink.write(records(1), signal)
    expect(server.connections).toBe(1)
    server.server.closeAllConnections()
    expect(await sink.write(records(1), signal)).toHaveLength(1)
    // Closed after the request was written, before it was answered: as a server does that stops.
    server.replies = [(_, response) => void response.socket!.destroy()]
    expect(await sink.write(records(1), signal)).toHaveLength(1)
  })

  test('are marked as ours, and belong to no request of the host', async () => {
    const server = await scriptedServer()
    const sink = sinkTo(server)
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const listen = (message: unknown): void => {
      const { request } = message as { request: ClientRequest & { agent: object } }
      seen.push(storage.getStore(), isOwnTraffic(request.agent))
    }
    diagnosticsChannel.subscribe('http.client.request.start', listen)
    onTestFinished(() => void diagnosticsChannel.unsubscribe('http.client.request.start', listen))
    await storage.run('a request of the host', () => sink.write(records(1), signal))
    expect(seen).toEqual([undefined, true])
  })
})

describe('the key', () => {
  test('may be asked for before each request', async () => {
    const server = await scriptedServer()
    let n = 0
    const sink = sinkTo(server, { key: async () => `tp_${++n}` })
    await sink.write(records(1), signal)
    await sink.write(records(1), signal)
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer tp_1', 'Bearer tp_2'])
  })

  test('that cannot be had is an outage', async () => {
    const server = await scriptedServer()
    const sink = sinkTo(server, { key: () => Promise.reject(new Error('no vault')) })
    await expect(sink.write(records(1), signal)).rejects.toMatchObject({ retryable: true })
  })
})

test('receipts are kept, one a line, with those of records that were refused', async () => {
  const server = await scriptedServer([recorded(), recorded({ 0: { status: 'refused', problems: [] } })])
  const path = join(temporaryDirectory(), 'kept/receipts.ndjson')
  const sink = sinkTo(server, { receipts: { path } })
  await sink.write(records(2), signal)
  await sink.write(records(1), signal)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { id: sealed(0).id, status: 'recorded', checkpoint: 'a note\n' },
    { id: sealed(1).id },
    { status: 'refused' },
  ])
})

test('receipts that cannot be kept do not make a record fail', async () => {
  const server = await scriptedServer()
  const sink = sinkTo(server, { receipts: { path: temporaryDirectory() } })
  expect(await sink.write(records(1), signal)).toMatchObject([{ kind: 'written' }])
})

test.each(['not a url', 'ftp://example.com', ''])('refuses %j as the URL of a server', (url) => {
  expect(() => serverSink({ url })).toThrow(TypeError)
})

test('its name tells no password', () => {
  expect(serverSink({ url: 'https://user:secret@example.com/audit' }).name).toBe(
    'server https://example.com/audit',
  )
})
