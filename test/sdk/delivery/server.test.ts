/** Delivery against the real server: outages, kills, keys that are mended, receipts that verify. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseVerifierKey } from '@trailproof/core'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { verifyReceipt } from '@trailproof/verify'
import { uuidv7 } from 'uuidv7'
import { expect, onTestFinished, test } from 'vitest'
import { createDelivery, type Delivery } from '../../../packages/sdk/src/delivery/delivery.ts'
import type { DeliveryOptions } from '../../../packages/sdk/src/delivery/delivery-options.ts'
import type { SealedRecord } from '../../../packages/sdk/src/delivery/sealed-record.ts'
import { createSpool } from '../../../packages/sdk/src/delivery/spool/spool.ts'
import { type ServerSinkOptions, serverSink } from '../../../packages/sdk/src/sinks/server-sink.ts'
import { tokenFor } from '../../support/api-key.ts'
import { freePort } from '../../support/free-port.ts'
import { serverHome } from '../../support/server-home.ts'
import { type ServerProcess, startServerProcess } from '../../support/server-process.ts'
import { openStoredLedger } from '../../support/stored-ledger.ts'
import { ADMIN_TOKEN, testServer } from '../../support/test-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const FLUSH_MS = 60_000

function record(seq: number, extra: Record<string, unknown> = {}): SealedRecord {
  const id = uuidv7()
  const fields = {
    action: 'order.placed',
    id,
    kind: 'event',
    service: 'delivery-test',
    timestamp: new Date().toISOString(),
  }
  return {
    id,
    kind: 'event',
    seq,
    line: JSON.stringify({ ...fields, metadata: { seq }, stream: { id: 's', seq }, ...extra }),
  }
}

function deliveryTo(sinkOptions: ServerSinkOptions, options: Partial<DeliveryOptions> = {}) {
  const sink = serverSink({ key: ADMIN_TOKEN, ...sinkOptions })
  const delivery = createDelivery({ sink, maxAgeMs: 5, ...options })
  onTestFinished(() => delivery.close(1))
  return { sink, delivery }
}

function given(delivery: Delivery, count: number, from = 0): SealedRecord[] {
  const records = Array.from({ length: count }, (_, n) => record(from + n))
  for (const one of records) delivery.deliver(one)
  return records
}

const idsOf = (records: readonly SealedRecord[]): string[] => records.map(({ id }) => id)

test('an ack is a receipt that verifies offline', async () => {
  const server = await testServer()
  const { sink, delivery } = deliveryTo(
    { url: server.url, receipts: { path: join(temporaryDirectory(), 'receipts') } },
    { ackTimeoutMs: 30_000 },
  )
  const records = Array.from({ length: 40 }, (_, seq) => record(seq))
  const answers = await Promise.all(records.map((one) => delivery.deliverSafely(one, 'ack')))
  const { verifier_keys } = await server.get<{ verifier_keys: string[] }>('/v1/ledgers/main')
  const verifierKeys = verifier_keys.map((text) => {
    const parsed = parseVerifierKey(text, sha256)
    if (parsed.kind === 'problem') throw new Error(parsed.problem)
    return parsed.key
  })
  for (const [at, safe] of answers.entries()) {
    if (safe.kind !== 'acknowledged' || safe.receipt === undefined) throw new Error(JSON.stringify(safe))
    const { receipt } = safe
    expect(receipt).toMatchObject({ id: records[at]!.id, ledger: 'main', status: 'recorded' })
    const { checkpoint, ...value } = JSON.parse(receipt.evidence) as { checkpoint: string }
    const report = await verifyReceipt(value, { checkpoint, verifierKeys, sha256, verifyEd25519 })
    expect(report).toMatchObject({ verdict: 'intact', missing: [] })
  }
  expect(await sink.recheck(records[7]!.id)).toMatchObject({ kind: 'included', size: 40, keysGiven: false })
})

test('a receipt is checked again: against given keys, a changed receipt, and a ledger that is not there', async () => {
  const server = await testServer()
  const { verifier_keys: verifierKeys } = await server.get<{ verifier_keys: string[] }>('/v1/ledgers/main')
  const { sink, delivery } = deliveryTo({ url: server.url, verifierKeys }, { ackTimeoutMs: 30_000 })
  const safe = await delivery.deliverSafely(record(1), 'ack')
  if (safe.kind !== 'acknowledged') throw new Error(safe.kind)
  const receipt = safe.receipt!
  given(delivery, 20)
  await delivery.flush(FLUSH_MS)
  expect(await sink.recheck(receipt)).toMatchObject({ kind: 'included', keysGiven: true, size: 21 })
  expect(await sink.recheck({ ...receipt, index: receipt.index + 1 })).toMatchObject({ kind: 'broken' })
  expect(await sink.recheck({ ...receipt, index: 1_000 })).toMatchObject({ kind: 'broken' })
  expect(await sink.recheck({ ...receipt, leafHash: Buffer.alloc(32).toString('base64') })).toMatchObject({
    kind: 'broken',
  })
  expect(await sink.recheck(uuidv7())).toMatchObject({ kind: 'unknown' })
  const stranger = deliveryTo({ url: server.url, verifierKeys: ['example.com/main+00000000+AAAA'] }).sink
  expect(await stranger.recheck(receipt)).toMatchObject({ kind: 'unknown' })
  await server.running.stop()
  expect(await sink.recheck(receipt)).toMatchObject({ kind: 'unknown' })
})

test('records come through outages and kills, each once, in order', async () => {
  const home = serverHome()
  const settings = { port: await freePort() }
  const url = `http://127.0.0.1:${settings.port}`
  let server: ServerProcess = await startServerProcess(home, { settings })
  onTestFinished(async () => void (await server.end('SIGKILL')))
  const spool = createSpool({ directory: join(home.root, 'spool'), stream: 'one' })
  const { delivery } = deliveryTo(
    { url, timeoutMs: 2_000 },
    { spool, queueRecordsMax: 300, batchRecordsMax: 50 },
  )
  const records: SealedRecord[] = []
  for (let kill = 0; kill < 4; kill++) {
    records.push(...given(delivery, 200, records.length))
    // Until some of it was sent, and never all of it.
    while (delivery.counters.written < 900 * kill + 50) await new Promise(setImmediate)
    await server.end(kill % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
    records.push(...given(delivery, 700, records.length))
    while (spool.waitingRecords === 0) await new Promise(setImmediate)
    server = await startServerProcess(home, { settings })
    expect(await delivery.flush(FLUSH_MS)).toBe(true)
  }
  await delivery.close()
  await server.end('SIGTERM')
  await using ledger = await openStoredLedger(home)
  expect((await ledger.entries()).map(({ id }) => id)).toEqual(idsOf(records))
  expect(delivery.counters).toMatchObject({
    given: records.length,
    written: records.length,
    waitingRecords: 0,
  })
}, 120_000)

test('records on disk come through the death of the service, too', async () => {
  const home = serverHome()
  const directory = join(home.root, 'spool')
  const nowhere = `http://127.0.0.1:${await freePort()}`
  const first = deliveryTo({ url: nowhere }, { spool: createSpool({ directory, stream: 'first' }) })
  const records = Array.from({ length: 100 }, (_, seq) => record(seq))
  const safe = await Promise.all(records.map((one) => first.delivery.deliverSafely(one, 'disk')))
  expect(safe.every(({ kind }) => kind === 'spooled')).toBe(true)
  await first.delivery.close(1)
  const server = await startServerProcess(home)
  onTestFinished(async () => void (await server.end('SIGKILL')))
  const spool = createSpool({ directory, stream: 'second' })
  const second = deliveryTo({ url: server.url }, { spool })
  while (second.delivery.counters.replayed < 100) await new Promise(setImmediate)
  const own = record(0)
  second.delivery.deliver(own)
  await second.delivery.close()
  await server.end('SIGTERM')
  await using ledger = await openStoredLedger(home)
  expect((await ledger.entries()).map(({ id }) => id)).toEqual([...idsOf(records), own.id])
})

test('a key that is wrong loses nothing: records wait until it is mended', async () => {
  const server = await testServer()
  let key = 'tp_wrong'
  const { delivery } = deliveryTo({ url: server.url, key: () => key })
  const records = given(delivery, 10)
  const safe = await delivery.deliverSafely(record(10), 'ack')
  expect(safe).toMatchObject({ kind: 'failed', error: { message: expect.stringContaining('401') } })
  expect(delivery.status().contact).toMatchObject({ kind: 'lost' })
  expect(delivery.counters).toMatchObject({ written: 0, waitingRecords: 11 })
  key = await tokenFor(server, { scopes: ['ingest'] })
  expect(await delivery.flush(FLUSH_MS), 'a flush tries at once').toBe(true)
  expect(delivery.counters).toMatchObject({ written: 11 })
  expect(records).toHaveLength(10)
})

test('an answer that was lost makes duplicates, which are one record', async () => {
  const server = await testServer()
  const { sink } = deliveryTo({ url: server.url })
  const batch = [record(1), record(2)]
  const { signal } = new AbortController()
  await sink.write(batch, signal)
  const { delivery } = deliveryTo({ url: server.url })
  for (const one of batch) delivery.deliver(one)
  expect(await delivery.flush(FLUSH_MS)).toBe(true)
  expect(delivery.counters).toMatchObject({ written: 2, duplicates: 2 })
})

test('a batch that the server finds too large is halved, and a record alone that is too large is refused', async () => {
  const server = await testServer({ body_bytes_max: 20_000 })
  const { delivery } = deliveryTo({ url: server.url, compress: 'none' })
  for (let seq = 0; seq < 20; seq++) delivery.deliver(record(seq, { message: 'x'.repeat(3_000) }))
  delivery.deliver(record(20, { message: 'x'.repeat(30_000) }))
  expect(await delivery.flush(FLUSH_MS)).toBe(true)
  expect(delivery.counters).toMatchObject({ written: 20, dropped: { refused: 1 } })
})

test('what the ledger never takes is counted as refused, with the others recorded', async () => {
  const server = await testServer()
  const { delivery } = deliveryTo({ url: server.url })
  const [one, two] = [record(1), record(2)]
  delivery.deliver(one)
  await delivery.flush(FLUSH_MS)
  const changed = { ...one, line: one.line.replace('order.placed', 'order.stolen') }
  const broken = { ...record(3), line: '{"id":7}' }
  for (const each of [changed, broken, two]) delivery.deliver(each)
  expect(await delivery.flush(FLUSH_MS)).toBe(true)
  expect(delivery.counters).toMatchObject({ written: 2, dropped: { refused: 2 } })
})

test('the file of receipts is one that the ledger stands by', async () => {
  const server = await testServer()
  const path = join(temporaryDirectory(), 'receipts.ndjson')
  const { delivery } = deliveryTo({ url: server.url, receipts: { path } })
  const records = given(delivery, 30)
  await delivery.close()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const kept = lines.map(
    (line) => JSON.parse(line) as { id: string; proof: string[]; leaf: string; checkpoint: string },
  )
  expect(kept.map(({ id }) => id)).toEqual(idsOf(records))
  for (const { proof, leaf, checkpoint } of kept)
    expect([Array.isArray(proof), typeof leaf, typeof checkpoint]).toEqual([true, 'string', 'string'])
})
