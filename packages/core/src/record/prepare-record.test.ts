import { createHash, hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeHex } from '../encoding/hex.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import { compileRedaction } from '../redaction/policy.ts'
import type { Item, JsonObject } from './item.ts'
import { parseBody } from './parse-body.ts'
import { type PrepareContext, type PreparedRecord, prepareRecord } from './prepare-record.ts'
import { readRecord } from './read-record.ts'

const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer')
const SERVER_ID = '019ab3c4-5d6e-7f80-9123-000000000001'
const UUID = '019ab3c4-5d6e-7f80-9123-456789abcdef'

const CONTEXT: PrepareContext = {
  receivedAt: '2026-03-01T12:00:00.000Z',
  redaction: compileRedaction(),
  sha256,
  dedupeKey: new Uint8Array(32).fill(1),
  idKey: new Uint8Array(32).fill(2),
  position: 0,
  newId: () => SERVER_ID,
}
const EVENT = { service: 'pay', action: 'payment.created', timestamp: '2026-03-01T11:59:59.123456789+02:00' }

function prepare(
  value: JsonObject,
  more: Partial<PrepareContext> = {},
  item: Partial<Item> = {},
): PreparedRecord {
  const sent = { kind: 'record', value, coerced: [], source: JSON.stringify(value), ...item } as Item
  const prepared = prepareRecord(sent, { ...CONTEXT, ...more })
  if (prepared.kind === 'problem') throw new Error(JSON.stringify(prepared.problems))
  return prepared
}

function problems(value: JsonObject): string[] {
  const prepared = prepareRecord({ kind: 'record', value, coerced: [], source: '' }, CONTEXT)
  return prepared.kind === 'problem' ? prepared.problems.map(({ code, field }) => `${code} ${field}`) : []
}

function digest(value: JsonObject, more?: Partial<PrepareContext>): string {
  return encodeHex(prepare(value, more).digest)
}

function foreignId(source: string, id: string): string {
  return prepare(EVENT, {}, { foreign: { protocol: 'p', source, id } }).id
}

/** An object of about so many bytes, none of its texts near a limit. */
function wide(bytes: number): JsonObject {
  return Object.fromEntries(Array.from({ length: bytes / 1024 }, (_, i) => [`k${i}`, 'x'.repeat(1024)]))
}

describe('the stored bytes', () => {
  test('are canonical JSON of both groups', () => {
    const { core, personal, record } = prepare({
      ...EVENT,
      id: UUID.toUpperCase(),
      environment: 'prod',
      actor: { type: 'user', id: 'u', email: 'a@b' },
      targets: [
        { type: 'card', id: 'c' },
        { type: 'user', id: 'd' },
        { type: 'card', id: 'e' },
      ],
      stream: { id: 's', seq: 4, hash: 'h' },
      zulu: 1,
      alpha: { z: 1, a: [{ y: 1, b: 2 }] },
    })
    expect(core).toBe(
      '{"action":"payment.created","actor_type":"user","environment":"prod","id":"019ab3c4-5d6e-7f80-9123-456789abcdef","kind":"event","outcome":"unknown","received_at":"2026-03-01T12:00:00.000Z","schema":"trailproof/v1","service":"pay","stream":{"id":"s","seq":4},"target_types":["card","user"],"timestamp":"2026-03-01T11:59:59.123456789+02:00"}',
    )
    expect(personal).toBe(
      '{"actor":{"email":"a@b","id":"u","type":"user"},"metadata":{"alpha":{"a":[{"b":2,"y":1}],"z":1},"zulu":1},"stream_chain":{"hash":"h"},"targets":[{"id":"c","type":"card"},{"id":"d","type":"user"},{"id":"e","type":"card"}]}',
    )
    expect(canonicalize(record.core)).toBe(core)
    expect(canonicalize(record.personal)).toBe(personal)
  })

  test('of any record agree with the canonicalize package', () => {
    const value = fc.record(
      {
        action: fc.string({ minLength: 1, maxLength: 20 }),
        service: fc.string({ maxLength: 5 }),
        environment: fc.string({ maxLength: 5 }),
        trace_id: fc.string({ maxLength: 5 }),
        latency_ms: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
        metadata: fc.dictionary(fc.string(), fc.jsonValue()),
        request: fc.dictionary(fc.string(), fc.jsonValue()),
        message: fc.string(),
      },
      { requiredKeys: ['action'] },
    )
    fc.assert(
      fc.property(value, (sent) => {
        const body = parseBody(encodeUtf8(JSON.stringify(sent)), 'json')
        if (body.kind === 'refused') throw new Error(body.problem.message)
        const prepared = prepareRecord(body.items[0]!, CONTEXT)
        if (prepared.kind === 'problem') return
        const { core, personal, record } = prepared
        expect(canonicalize(JSON.parse(core))).toBe(core)
        expect(canonicalize(JSON.parse(personal))).toBe(personal)
        expect(canonicalize(record)).toBe(`{"core":${core},"personal":${personal}}`)
      }),
      { numRuns: 1_000 },
    )
  })

  test('have what the server fills in, and only then', () => {
    const defaults = { service: 'from-key', environment: 'staging' }
    expect(prepare({ action: 'a.b' }).record.core).toMatchObject({
      service: 'unknown-service',
      timestamp: CONTEXT.receivedAt,
      received_at: CONTEXT.receivedAt,
    })
    expect(prepare({ action: 'a.b' }, { defaults }).record.core).toMatchObject(defaults)
    expect(prepare({ ...EVENT, environment: 'prod' }, { defaults }).record.core).toMatchObject({
      service: 'pay',
      environment: 'prod',
      timestamp: EVENT.timestamp,
    })
    expect(prepare({ request: {} }).record.core).toMatchObject({ environment: '', trace_id: '' })
  })

  test('never write to what was sent', () => {
    const frozen: JsonObject = Object.freeze({
      ...EVENT,
      metadata: Object.freeze({ password: 'x', big: 'y'.repeat(70_000) }),
      extra: 1,
    })
    expect(prepare(frozen).record.personal.metadata).toMatchObject({ password: '***', extra: 1 })
    expect(frozen['metadata']).toMatchObject({ password: 'x' })
  })
})

describe('ids', () => {
  test('a UUID is kept in lower case', () => {
    expect(prepare({ ...EVENT, id: UUID.toUpperCase() })).toMatchObject({ id: UUID, idGiven: 'producer' })
  })

  test('another id becomes a UUIDv8 of key, protocol, service and id, and is kept', () => {
    const prepared = prepare({ ...EVENT, id: 'order-7' })
    const bytes = createHash('sha256').update(CONTEXT.idKey).update('["trailproof","pay","order-7"]').digest()
    bytes[6] = (bytes[6]! & 0x0f) | 0x80
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    expect(prepared.id.replaceAll('-', '')).toBe(bytes.toString('hex', 0, 16))
    expect(prepared).toMatchObject({ idGiven: 'foreign', record: { personal: { source_id: 'order-7' } } })
    expect(prepare({ ...EVENT, id: 'order-7', extra: 1 }).id).toBe(prepared.id)
    expect(prepare({ ...EVENT, id: 'order-7', service: 'other' }).id).not.toBe(prepared.id)
    expect(prepare({ ...EVENT, id: 'order-7' }, { idKey: new Uint8Array(32) }).id).not.toBe(prepared.id)
  })

  test('parts of a foreign id cannot run into each other', () => {
    expect(foreignId('a', 'bc')).not.toBe(foreignId('ab', 'c'))
    expect(foreignId('a","b', 'c')).not.toBe(foreignId('a', 'b","c'))
  })

  test('the idempotency key and the position name a record without an id', () => {
    const first = prepare(EVENT, { idempotencyKey: 'k' })
    expect(first.idGiven).toBe('idempotency-key')
    expect(prepare(EVENT, { idempotencyKey: 'k' }).id).toBe(first.id)
    expect(prepare(EVENT, { idempotencyKey: 'k', position: 1 }).id).not.toBe(first.id)
    expect(prepare({ ...EVENT, id: UUID }, { idempotencyKey: 'k' }).id).toBe(UUID)
  })

  test('otherwise the server makes one and says so', () => {
    expect(prepare(EVENT)).toMatchObject({ id: SERVER_ID, idGiven: 'server' })
    expect(prepare({ ...EVENT, id: '' })).toMatchObject({ id: SERVER_ID, idGiven: 'server' })
    expect(prepare({ ...EVENT, id: null })).toMatchObject({ id: SERVER_ID, idGiven: 'server' })
  })

  test('the nil and the max UUID name nothing', () => {
    expect(problems({ ...EVENT, id: '00000000-0000-0000-0000-000000000000' })).toEqual(['value /id'])
    expect(problems({ ...EVENT, id: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF' })).toEqual(['value /id'])
  })
})

describe('the digest', () => {
  const full = { ...EVENT, id: UUID, metadata: { password: 'hunter2', b: 1 } }

  test('is of the record as mapped, under the key', () => {
    const core =
      '{"action":"payment.created","kind":"event","outcome":"unknown","schema":"trailproof/v1","service":"pay","timestamp":"2026-03-01T11:59:59.123456789+02:00"}'
    const personal = '{"metadata":{"b":1,"password":"hunter2"}}'
    const wanted = createHash('sha256')
      .update(CONTEXT.dedupeKey)
      .update(`${core}\n${personal}`)
      .digest('hex')
      .slice(0, 32)
    expect(digest(full)).toBe(wanted)
  })

  test.each<[string, JsonObject, Partial<PrepareContext>]>([
    ['another id', { ...full, id: undefined }, {}],
    ['another time of arrival', full, { receivedAt: '2027-01-01T00:00:00.000Z' }],
    ['another key order', Object.fromEntries(Object.entries(full).toReversed()), {}],
    ['other defaults', full, { defaults: { service: 'x', environment: 'y' } }],
    ['another redaction', full, { redaction: compileRedaction({ defaults: false }) }],
    ['an alias', { ...full, action: undefined, event_type: 'payment.created' }, {}],
  ])('stays the same with %s', (_, value, more) => {
    expect(digest(value, more)).toBe(digest(full))
  })

  test.each<[string, JsonObject, Partial<PrepareContext>]>([
    ['another password, though both are masked', { ...full, metadata: { password: 'hunter3', b: 1 } }, {}],
    ['another action', { ...full, action: 'payment.deleted' }, {}],
    ['a text instead of a number', { ...full, metadata: { password: 'hunter2', b: '1' } }, {}],
    ['another ledger', full, { dedupeKey: new Uint8Array(32) }],
  ])('changes with %s', (_, value, more) => {
    expect(digest(value, more)).not.toBe(digest(full))
  })

  test('does not see defaults: a service that was sent differs from one that was filled in', () => {
    expect(digest({ action: 'a.b', service: 'x' })).not.toBe(
      digest({ action: 'a.b' }, { defaults: { service: 'x' } }),
    )
  })

  test('sees what a cut leaves out', () => {
    const message = 'x'.repeat(70_000)
    expect(digest({ ...EVENT, message: `${message}a` })).not.toBe(
      digest({ ...EVENT, message: `${message}b` }),
    )
  })
})

describe('limits', () => {
  test('a text over 64 KiB is cut at a whole character, with size and digest of the original', () => {
    const text = `${'x'.repeat(65_535)}é and more`
    const { record, personal } = prepare({ ...EVENT, message: text })
    expect(record.personal.message).toBe('x'.repeat(65_535))
    expect(record.personal.truncated).toEqual([
      {
        path: '/message',
        size: Buffer.byteLength(text),
        sha256: createHash('sha256').update(text).digest('hex'),
      },
    ])
    expect(JSON.parse(personal)).toEqual(record.personal)
    expect(prepare({ ...EVENT, message: '€'.repeat(21_845) }).record.personal.truncated).toBeUndefined()
    expect(prepare({ ...EVENT, message: `${'\u{1F600}'.repeat(16_384)}!` }).record.personal.message).toBe(
      '\u{1F600}'.repeat(16_384),
    )
  })

  test('a body that is an object is cut as its canonical JSON', () => {
    const body = { z: 'x'.repeat(70_000), a: 1 }
    const { record } = prepare({ ...EVENT, request: { body }, metadata: { body: { a: 1 } } })
    expect(record.personal.request).toEqual({ body: (canonicalize(body) ?? '').slice(0, 65_536) })
    expect(record.personal.truncated).toMatchObject([{ path: '/request/body', size: 70_014 }])
  })

  test('masking comes first, so no digest is taken of a secret', () => {
    const body = `password=hunter2&x=${'y'.repeat(70_000)}`
    const masked = body.replace('hunter2', '***')
    expect(prepare({ ...EVENT, request: { body } }).record.personal).toMatchObject({
      redacted: ['/request/body'],
      truncated: [
        {
          path: '/request/body',
          size: masked.length,
          sha256: createHash('sha256').update(masked).digest('hex'),
        },
      ],
    })
  })

  test('metadata over 256 KiB and a record over a mebibyte are refused', () => {
    expect(problems({ ...EVENT, metadata: wide(200_704) })).toEqual([])
    expect(problems({ ...EVENT, metadata: wide(262_144) })).toEqual(['too_large /metadata'])
    expect(problems({ ...EVENT, request: wide(1_048_576) })).toEqual(['too_large '])
  })
})

test('a record keeps its position in problems, and a problem stays one', () => {
  expect(
    prepareRecord({ kind: 'record', value: {}, coerced: [], source: '{}' }, { ...CONTEXT, position: 9 }),
  ).toMatchObject({
    kind: 'problem',
    problems: [{ record: 9, field: '/action', code: 'required' }],
  })
  expect(prepareRecord({ kind: 'problem', problems: [], source: '' }, CONTEXT)).toEqual({
    kind: 'problem',
    problems: [],
    source: '',
  })
})

test('the stream is handed to whoever looks for gaps', () => {
  expect(prepare({ ...EVENT, stream: { id: 's', seq: 9 } })).toMatchObject({ streamId: 's', streamSeq: 9 })
  expect(prepare(EVENT)).toMatchObject({ streamId: undefined, streamSeq: undefined })
})

describe('what is read back', () => {
  const place = { recordedAt: '2026-03-01T12:00:00.123456Z', index: 5, ledger: 'main' }
  const { core, personal } = prepare({
    ...EVENT,
    stream: { id: 's', seq: 4, prev_hash: 'p', hash: 'h' },
    message: 'm',
  })

  test('is one object with its place, the stream whole again', () => {
    expect(readRecord(core, personal, place)).toEqual({
      ...JSON.parse(core),
      message: 'm',
      stream: { id: 's', seq: 4, prev_hash: 'p', hash: 'h' },
      recorded_at: place.recordedAt,
      ledger: 'main',
      index: 5,
    })
  })

  test('says when the personal group is gone', () => {
    const view = readRecord(core, undefined, place)
    expect(view).toMatchObject({
      erased: ['personal'],
      stream: { id: 's', seq: 4 },
      action: 'payment.created',
    })
    expect(view.message).toBeUndefined()
  })
})

test('any JSON object is prepared or refused, never thrown', () => {
  const field = fc.constantFrom(
    'id',
    'action',
    'kind',
    'actor',
    'targets',
    'changes',
    'source',
    'labels',
    'stream',
    'request',
    'response',
    'metadata',
    'errors',
    'timestamp',
    'latency_ms',
    'level',
    'user_id',
    'error',
    'result',
    'event_type',
    'entity_id',
    'redacted',
    'truncated',
    'schema',
    'hash',
    'ip',
  )
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(field, fc.string()), fc.jsonValue({ maxDepth: 3 })), (value) => {
      for (const format of ['json', 'cloudevents'] as const) {
        const body = parseBody(
          encodeUtf8(JSON.stringify({ specversion: '1.0', type: 't', ...value })),
          format,
        )
        if (body.kind === 'records')
          expect(['record', 'problem']).toContain(prepareRecord(body.items[0]!, CONTEXT).kind)
      }
    }),
    { numRuns: 3_000 },
  )
})
