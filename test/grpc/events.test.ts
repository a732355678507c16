/** Records in and out over gRPC, and their proofs. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { encodeBase64, parseVerifierKey, type VerifierKey } from '@trailproof/core'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { verifyReceipt, verifyTlogProof } from '@trailproof/verify'
import { expect, test } from 'vitest'
import {
  type AuditEventSchema,
  AuditService,
  IdSource,
  Order,
  RecordStatus,
  Wait,
} from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const { logEvent, logEvents, getEventByID, getEventByResource, search, getProof } = AuditService.method
type Event = MessageInitShape<typeof AuditEventSchema>

const event = (n: number, more: Event = {}): Event => ({
  action: 'order.placed',
  service: 'shop',
  actor: `u-${n % 3}`,
  metadataJson: `{"n":${n}}`,
  ...more,
})
const events = (count: number): Event[] => Array.from({ length: count }, (_, n) => event(n))
const uuid = (n: number): string => `0198319c-2a3d-7abc-8def-${String(n).padStart(12, '0')}`

async function start(settings: Record<string, unknown> = {}): Promise<[GrpcClient, TestServer]> {
  const server = await testServer(settings)
  return [new GrpcClient(server.url), server]
}

test('a batch has a receipt for each record, and one checkpoint', async () => {
  const [client, server] = await start()
  await client.call(logEvent, event(0, { id: uuid(1) }))
  const answer = await client.call(logEvents, {
    events: [
      event(0, { id: uuid(2) }),
      event(0, { id: uuid(1) }),
      event(5, { id: uuid(1) }),
      { service: 'shop', labelsJson: '{"a":' },
      event(1),
    ],
  })
  expect(answer.receipts.map(({ status }) => status)).toEqual([
    RecordStatus.RECORDED,
    RecordStatus.DUPLICATE,
    RecordStatus.CONFLICT,
    RecordStatus.QUARANTINED,
    RecordStatus.RECORDED,
  ])
  expect(answer).toMatchObject({
    ledger: 'main',
    recorded: 2,
    duplicates: 1,
    conflicts: 1,
    quarantined: 1,
    refused: 0,
  })
  expect(answer.receipts.map(({ idSource }) => idSource)).toEqual([
    IdSource.PRODUCER,
    IdSource.PRODUCER,
    IdSource.PRODUCER,
    IdSource.UNSPECIFIED,
    IdSource.SERVER,
  ])
  expect(answer.receipts[3]!.problems[0]).toMatchObject({ field: '/labels', code: 'json' })
  const { records } = await server.get<{ records: { source: string }[] }>('/v1/quarantine')
  expect(JSON.stringify(records)).toContain('shop')
})

test('receipts with proofs, and proofs by index and by id, convince without the server', async () => {
  const [client, server] = await start()
  await client.call(logEvents, { events: events(300) })
  const answer = await client.call(logEvents, { events: events(3), proofs: true })
  const { verifier_keys } = await server.get<{ verifier_keys: string[] }>('/v1/ledgers/main')
  const key = keyOf(verifier_keys[0]!)
  for (const receipt of answer.receipts) {
    const value = {
      id: receipt.id,
      ledger: answer.ledger,
      index: Number(receipt.index),
      leaf_hash: encodeBase64(receipt.leafHash),
      recorded_at: rfc3339(receipt.recordedAt!),
      status: 'recorded',
      leaf: encodeBase64(receipt.leaf),
      proof: receipt.proof.map(encodeBase64),
    }
    const options = { checkpoint: answer.checkpoint, verifierKeys: [key], sha256, verifyEd25519 }
    expect((await verifyReceipt(value, options)).verdict).toBe('intact')

    const policy = { logs: [key], witnesses: [], quorum: { kind: 'none' } as const }
    for (const record of [
      { case: 'index', value: receipt.index },
      { case: 'id', value: receipt.id },
    ] as const) {
      const { proof, leaf, index } = await client.call(getProof, { record })
      expect(index).toBe(receipt.index)
      expect(verifyTlogProof(proof, leaf, policy, sha256, verifyEd25519)).toMatchObject({
        kind: 'included',
        index: Number(index),
      })
      const other = Uint8Array.from(leaf).fill(1, 20, 21)
      expect(verifyTlogProof(proof, other, policy, sha256, verifyEd25519).kind).toBe('problem')
    }
  }
  expect(await failureOf(client.call(getProof, { record: { case: 'index', value: 303n } }))).toMatchObject({
    code: 5,
  })
})

test('with WAIT_INDEX the records of the answer are found', async () => {
  const [client] = await start()
  const answer = await client.call(logEvents, { events: events(10), wait: Wait.INDEX })
  expect(answer.indexed).toBe(true)
  expect((await client.call(search, { query: 'actor:u-1' })).events).toHaveLength(3)
})

test('an idempotency key names the events that have no id', async () => {
  const [client] = await start()
  const first = await client.call(logEvents, { events: events(3), idempotencyKey: 'k-1' })
  const again = await client.call(
    logEvents,
    { events: events(3) },
    { metadata: { 'idempotency-key': 'k-1' } },
  )
  expect(again).toMatchObject({ recorded: 0, duplicates: 3 })
  expect(again.receipts.map(({ id }) => id)).toEqual(first.receipts.map(({ id }) => id))
})

test('masks secrets before anything is stored', async () => {
  const [client] = await start()
  const { id } = await client.call(logEvent, event(0, { metadata: { password: 'hunter2', note: 'fine' } }))
  const read = await client.call(getEventByID, { id })
  expect(JSON.stringify(read.metadata)).not.toContain('hunter2')
  expect(read).toMatchObject({ metadata: { note: 'fine' }, redacted: ['/metadata/password'] })
})

test('a ledger is chosen by the request or by metadata', async () => {
  const [client, server] = await start()
  await server.post('/v1/ledgers', { name: 'other' })
  const metadata = { 'trailproof-ledger': 'other' }
  const { id, ledger } = await client.call(logEvent, event(0), { metadata })
  expect(ledger).toBe('other')
  expect((await client.call(logEvents, { events: [event(1)], ledger: 'other' })).ledger).toBe('other')
  expect((await client.call(getEventByID, { id, ledger: 'other' })).entry?.ledger).toBe('other')
  expect(await failureOf(client.call(getEventByID, { id }))).toMatchObject({ code: 5 })
})

test('pages of a search, in both orders, have every record once', async () => {
  const [client] = await start()
  await client.call(logEvents, { events: events(25), wait: Wait.INDEX })
  for (const order of [Order.NEWEST_FIRST, Order.OLDEST_FIRST]) {
    const seen: bigint[] = []
    let cursor = ''
    do {
      const page = await client.call(search, { query: 'action:order.*', limit: 10, cursor, order })
      seen.push(...page.events.map(({ entry }) => entry!.index))
      cursor = page.next
      expect(page.complete).toBe(cursor === '')
      await client.call(logEvents, {
        events: order === Order.NEWEST_FIRST ? events(2) : [{ action: 'other.thing' }],
      })
    } while (cursor !== '')
    const first = seen.slice(0, 25).map(Number)
    const expected = Array.from({ length: 25 }, (_, n) => n)
    expect(first).toEqual(order === Order.NEWEST_FIRST ? expected.toReversed() : expected)
    expect(new Set(seen).size).toBe(seen.length)
  }
})

test('records of a resource come newest first, a page at a time', async () => {
  const [client] = await start()
  await client.call(logEvents, { events: events(5).map((one) => ({ ...one, resource: 'order/"7*"' })) })
  const page = await client.call(getEventByResource, { resource: 'order/"7*"', limit: 3 })
  expect(page.events.map(({ entry }) => entry!.index)).toEqual([4n, 3n, 2n])
  const rest = await client.call(getEventByResource, { resource: 'order/"7*"', limit: 3, cursor: page.next })
  expect(rest.events.map(({ entry }) => entry!.index)).toEqual([1n, 0n])
  expect(rest.next).toBe('')
  expect((await client.call(getEventByResource, { resource: 'order/"7' })).events).toEqual([])
})

function keyOf(text: string): VerifierKey {
  const parsed = parseVerifierKey(text, sha256)
  if (parsed.kind === 'problem') throw new Error(parsed.problem)
  return parsed.key
}

function rfc3339({ seconds, nanos }: { seconds: bigint; nanos: number }): string {
  const micros = String(nanos / 1000).padStart(6, '0')
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${micros}Z`
}
