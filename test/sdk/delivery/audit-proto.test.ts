/** The messages that the gRPC sink writes and reads by hand, against those that the server was generated with. */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { anyPack } from '@bufbuild/protobuf/wkt'
import { READ_LIMITS } from '@trailproof/core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeAnswer,
  decodeDetails,
  encodeEvent,
  encodeRequest,
} from '../../../packages/sdk/src/sinks/audit-proto.ts'
import { itemOfEvent } from '../../../packages/server/src/receivers/grpc/event-item.ts'
import {
  AuditEventSchema,
  IdSource,
  LogEventsRequestSchema,
  LogEventsResponseSchema,
  RecordStatus,
} from '../../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import {
  ErrorInfoSchema,
  RetryInfoSchema,
} from '../../../packages/server/src/receivers/grpc/gen/google/rpc/error_details_pb.ts'
import { StatusSchema } from '../../../packages/server/src/receivers/grpc/gen/google/rpc/status_pb.ts'
import { recordedByTheSdk } from './recorded-lines.ts'

/** What the server makes of an event. */
function received(line: string): unknown {
  const item = itemOfEvent(fromBinary(AuditEventSchema, encodeEvent(line)), 0, READ_LIMITS)
  if (item.kind !== 'record') throw new Error(JSON.stringify(item.problems))
  return item.value
}

/** Without the name of the schema, which the server adds. */
function sent(line: string): unknown {
  const { schema, ...record } = JSON.parse(line) as Record<string, unknown>
  expect(schema).toBe('trailproof/v1')
  return record
}

describe('an event', () => {
  test('is what the SDK has recorded, field by field', async () => {
    const records = await recordedByTheSdk()
    expect(records.length).toBeGreaterThan(4)
    for (const { line } of records) expect(received(line)).toEqual(sent(line))
  })

  const anyText = fc.string({ unit: 'binary', maxLength: 300 })
  const anyJson = fc
    .jsonValue({ maxDepth: 4 })
    .map((value) => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as unknown)
  const record = fc.record(
    {
      id: fc.uuid(),
      service: anyText,
      message: anyText,
      timestamp: fc.constantFrom('2026-11-20T12:00:00Z', '2026-11-20T14:00:00.123456789+02:00'),
      kind: fc.constantFrom('trail', 'event', 'log'),
      outcome: fc.constantFrom('success', 'failure', 'denied', 'unknown'),
      latency_ms: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
      metadata: fc.dictionary(fc.string({ minLength: 1 }), anyJson),
      request: fc.dictionary(fc.string({ minLength: 1 }), anyJson),
      errors: fc.array(fc.dictionary(fc.string({ minLength: 1 }), anyJson)),
      actor: fc.dictionary(fc.string({ minLength: 1 }), anyJson),
      changes: fc.array(fc.record({ path: anyText, old: anyJson, new: anyJson }), { minLength: 1 }),
      stream: fc.record({ id: anyText, seq: fc.maxSafeNat(), hash: anyText }),
      truncated: fc.array(fc.record({ path: anyText, size: fc.maxSafeNat(), sha256: anyText }), {
        minLength: 1,
      }),
      redacted: fc.array(anyText, { minLength: 1 }),
    },
    { requiredKeys: ['id'] },
  )

  test('of any content is the same on the other side', () => {
    fc.assert(
      fc.property(record, (value) => {
        const line = JSON.stringify(value)
        fc.pre(!line.includes('"__proto__"')) // every receiver refuses the name, and the SDK never sends it
        expect(received(line)).toEqual(JSON.parse(line))
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['an actor that is a text', { actor: 'u-1' }, { actor: { id: 'u-1' } }],
    ['metadata that is a text', { metadata: 'x' }, { metadata: { metadata: 'x' } }],
    ['one target alone', { targets: { id: '1' } }, { targets: [{ id: '1' }] }],
    ['null', { host: null, actor: null }, {}],
    ['an empty list of people', { targets: [] }, {}],
  ])('with %s means what it means over HTTP', (_, value, expected) => {
    expect(received(JSON.stringify(value))).toEqual(expected)
  })

  test.each([
    ['an actor that is a number', { actor: 7 }, '/actor'],
    ['a change without a path', { changes: [{ old: 1 }] }, '/changes/0/path'],
    ['a target that is a text', { targets: ['x'] }, '/targets/0'],
    ['labels that are a list', { labels: [1] }, '/labels'],
  ])('with %s is kept aside by the server', (_, value, field) => {
    const event = fromBinary(AuditEventSchema, encodeEvent(JSON.stringify(value)))
    expect(itemOfEvent(event, 0, READ_LIMITS)).toMatchObject({ kind: 'problem', problems: [{ field }] })
  })

  test.each([
    ['a field that the proto does not know', { colour: 'red' }],
    ['another schema', { schema: 'trailproof/v2' }],
    ['a service that is a number', { service: 7 }],
    ['a kind that is none', { kind: 'metric' }],
    ['a latency that is a text', { latency_ms: '12' }],
    ['a number in its stream beyond what is exact', { stream: { seq: 2 ** 53 } }],
    ['more in its stream', { stream: { id: 's', colour: 'red' } }],
  ])('with %s is not sent at all', (_, value) => {
    expect(() => encodeEvent(JSON.stringify(value))).toThrow(TypeError)
  })
})

test('a request has its events in order, its ledger and its wish', () => {
  const events = [{ id: 'a' }, { id: 'b' }].map((value) => encodeEvent(JSON.stringify(value)))
  const request = fromBinary(LogEventsRequestSchema, encodeRequest(events, { ledger: 'main', proofs: true }))
  expect(request).toMatchObject({ ledger: 'main', proofs: true, events: [{ id: 'a' }, { id: 'b' }] })
  const plain = fromBinary(
    LogEventsRequestSchema,
    encodeRequest(events, { ledger: undefined, proofs: false }),
  )
  expect(plain).toMatchObject({ ledger: '', proofs: false })
})

function answer(init: MessageInitShape<typeof LogEventsResponseSchema>): Uint8Array {
  return toBinary(LogEventsResponseSchema, create(LogEventsResponseSchema, init))
}

describe('an answer', () => {
  test('has the receipts of HTTP', () => {
    const bytes = answer({
      ledger: 'main',
      checkpoint: 'a note\n',
      receipts: [
        {
          status: RecordStatus.RECORDED,
          id: 'a',
          index: 2n ** 40n,
          leafHash: new Uint8Array([1, 2]),
          recordedAt: { seconds: 1_795_176_000n, nanos: 1_234_000 },
          idSource: IdSource.PRODUCER,
          leaf: new Uint8Array([3]),
          proof: [new Uint8Array([4]), new Uint8Array()],
        },
        { status: RecordStatus.CONFLICT, id: 'b' },
        {
          status: RecordStatus.QUARANTINED,
          quarantineId: 'q',
          problems: [{ field: '/a', code: 'type', message: 'm' }],
        },
        { status: RecordStatus.REFUSED },
      ],
    })
    expect(decodeAnswer(bytes)).toEqual({
      checkpoint: 'a note\n',
      receipts: [
        {
          id: 'a',
          ledger: 'main',
          index: 2 ** 40,
          leaf_hash: 'AQI=',
          recorded_at: '2026-11-20T12:00:00.001234Z',
          status: 'recorded',
          leaf: 'Aw==',
          proof: ['BA==', ''],
        },
        expect.objectContaining({ id: 'b', status: 'conflict' }) as object,
        {
          ledger: 'main',
          status: 'quarantined',
          quarantine_id: 'q',
          problems: [{ field: '/a', code: 'type', message: 'm' }],
        },
        { ledger: 'main', status: 'refused', problems: [] },
      ],
    })
  })

  test('that is none is an error, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const decode of [decodeAnswer, decodeDetails])
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
            expect(error).not.toBeInstanceOf(TypeError)
          }
      }),
    )
    const whole = answer({ ledger: 'main', receipts: [{ id: 'a'.repeat(300) }] })
    expect(() => decodeAnswer(whole.subarray(0, 200))).toThrow('cut off')
  })
})

test('details of a failure tell its reason and when to come again', () => {
  const status = create(StatusSchema, {
    code: 14,
    message: 'm',
    details: [
      anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: 'OVERLOADED', domain: 'trailproof' })),
      anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: 2n, nanos: 500_000_000 } })),
    ],
  })
  expect(decodeDetails(toBinary(StatusSchema, status))).toEqual({ reason: 'OVERLOADED', retryAfterMs: 2_500 })
  expect(decodeDetails(new Uint8Array())).toEqual({ reason: undefined, retryAfterMs: undefined })
})
