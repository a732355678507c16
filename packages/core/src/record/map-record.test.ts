import { describe, expect, test } from 'vitest'
import { expectLinearTime } from '../../../../test/support/linear-time.ts'
import type { JsonObject } from './item.ts'
import { type MapOptions, mapRecord } from './map-record.ts'

const EVENT = { service: 'pay', action: 'payment.created' }

function mapped(value: JsonObject, options?: MapOptions) {
  const result = mapRecord(value, options)
  if (result.kind === 'problem') throw new Error(JSON.stringify(result.problems))
  return { ...result.record, sentId: result.sentId }
}

function problems(value: JsonObject, options?: MapOptions) {
  const result = mapRecord(value, options)
  return result.kind === 'problem' ? result.problems.map(({ code, field }) => `${code} ${field}`) : []
}

describe('kind', () => {
  test.each([
    ['trail', { request: {} }],
    ['trail', { response: { status: 200 } }],
    ['trail', { internal_steps: [], action: 'a.b' }],
    ['log', { level: 'warn', message: 'm' }],
    ['log', { severity: 'warn', message: 'm' }],
    ['log', { message: 'm' }],
    ['event', { action: 'a.b', severity: 'info', message: 'm' }],
    ['log', { kind: 'log', action: 'a.b', message: 'm' }],
  ])('%s for %j', (kind, value) => {
    expect(mapped(value).core.kind).toBe(kind)
  })

  test('an event without an action is refused', () => {
    expect(problems({ service: 'pay' })).toEqual(['required /action'])
    expect(problems({ ...EVENT, kind: 'audit' })).toEqual(['value /kind'])
  })
})

test('a trail always has its twelve fields', () => {
  const { core, personal } = mapped({ kind: 'trail', action: 'x' })
  expect(core).toMatchObject({ trace_id: '', request_id: '', latency_ms: null })
  expect(personal).toMatchObject({
    request: {},
    response: {},
    internal_steps: [],
    integrations: [],
    errors: [],
    metadata: {},
  })
})

describe("a trail's action", () => {
  test.each([
    [{ method: 'POST', route: '/users/:id' }, 'POST /users/:id'],
    [{ method: 'GET', path: '/v1/users/4711/orders' }, 'GET /v1/users/:id/orders'],
    [{ method: 'GET', path: '/users/ada@example.org?token=x' }, 'GET /users/:id'],
    [{ method: 'GET', url: 'https://u:p@api.example.org/a/b?c=d#e' }, 'GET /a/b'],
    [{ method: 'GET', url: 'https://api.example.org' }, 'GET /'],
    [{ method: 'GET', url: 'https://api.example.org?x=1' }, 'GET /'],
    [{ method: 'DELETE' }, 'DELETE'],
    [{ method: 'no method\n', path: '/' }, undefined],
    [{}, undefined],
  ])('of %j is %s', (request, action) => {
    expect(mapped({ request }).core.action).toBe(action)
  })

  test('stays as sent when it is sent', () => {
    expect(mapped({ action: 'payment.created', request: { method: 'POST', path: '/' } }).core.action).toBe(
      'payment.created',
    )
  })
})

describe('outcome', () => {
  test.each([
    [200, 'success'],
    [302, 'success'],
    [401, 'denied'],
    [403, 'denied'],
    [404, 'failure'],
    [500, 'failure'],
    [undefined, 'unknown'],
  ])('of status %s is %s', (status, outcome) =>
    expect(mapped({ response: { status } }).core.outcome).toBe(outcome),
  )
  test('as sent comes first', () => {
    expect(mapped({ outcome: 'failure', response: { status: 200 } }).core.outcome).toBe('failure')
    expect(problems({ ...EVENT, outcome: 'great' })).toEqual(['value /outcome'])
  })
})

describe('unknown fields', () => {
  test('go to metadata, with both kept on a collision', () => {
    expect(
      mapped({ ...EVENT, region: 'eu', metadata: { region: 'us', a: 1 }, zone: null }).personal.metadata,
    ).toEqual({
      region: 'us',
      a: 1,
      top_level_region: 'eu',
      zone: null,
    })
  })

  test('metadata that is no object is kept too', () => {
    expect(mapped({ ...EVENT, metadata: 'text' }).personal.metadata).toEqual({ metadata: 'text' })
    expect(mapped({ ...EVENT, metadata: [1], x: 2 }).personal.metadata).toEqual({ metadata: [1], x: 2 })
  })

  test('fields that only the server sets are unknown when a producer sends them', () => {
    const { core, personal } = mapped({
      ...EVENT,
      received_at: 'x',
      recorded_at: 'y',
      ledger: 'z',
      target_types: ['a'],
      source_id: 's',
      coerced: ['/a'],
    })
    expect(core.target_types).toBeUndefined()
    expect(personal).toMatchObject({
      metadata: {
        received_at: 'x',
        recorded_at: 'y',
        ledger: 'z',
        target_types: ['a'],
        source_id: 's',
        coerced: ['/a'],
      },
    })
  })

  test('numbers coerced by the reader are named where they are now', () => {
    const value = { ...EVENT, big: '12345678901234567890', 'a/b': { n: '1e-400' }, metadata: { k: '1e-400' } }
    const coerced = ['/big', '/a~1b/n', '/metadata/k']
    expect(mapped(value, { coerced }).personal.coerced).toEqual([
      '/metadata/big',
      '/metadata/a~1b/n',
      '/metadata/k',
    ])
  })

  test('an inherited name is data like any other', () => {
    expect(mapped({ ...EVENT, constructor: 1, toString: 2 }).personal.metadata).toEqual({
      constructor: 1,
      toString: 2,
    })
    expect(problems(JSON.parse('{"action":"a","__proto__":{}}') as JsonObject)).toEqual([
      'forbidden_key /__proto__',
    ])
  })

  test('many unknown fields with many coerced numbers take linear time', () => {
    expect(mappedMany(40_000)).toMatchObject({ problems: [{ code: 'too_large', field: '/coerced' }] })
    expectLinearTime(40_000, mappedMany)
  })
})

/** What becomes of an event with that many fields nobody knows, each a number that was coerced. */
function mappedMany(fields: number): unknown {
  const many = Object.fromEntries(Array.from({ length: fields }, (_, i) => [`f${i}`, '1e-400']))
  return mapRecord({ ...EVENT, ...many }, { coerced: Object.keys(many).map((name) => `/${name}`) })
}

describe('aliases', () => {
  test.each<[JsonObject, JsonObject]>([
    [{ level: 'WARNING' }, { core: { severity: 'warn' } }],
    [{ level: 30 }, { core: { severity: 'info' }, personal: { coerced: ['/severity'] } }],
    [{ level: 30.5 }, { personal: { metadata: { level: 30.5 } } }],
    [
      { severity: 'error', level: 'info' },
      { core: { severity: 'error' }, personal: { metadata: { level: 'info' } } },
    ],
    [{ user_id: 'u-1' }, { core: { actor_type: 'user' }, personal: { actor: { type: 'user', id: 'u-1' } } }],
    [{ userId: 42 }, { personal: { actor: { type: 'user', id: '42' }, coerced: ['/actor/id'] } }],
    [
      { actor: { type: 'service', name: 'n' }, user_id: 'u-1' },
      { personal: { actor: { type: 'service', name: 'n', id: 'u-1' } } },
    ],
    [
      { actor: { id: 'a' }, user_id: 'u-1' },
      { personal: { actor: { id: 'a' }, metadata: { user_id: 'u-1' } } },
    ],
    [
      { ip_address: '1.2.3.4', user_agent: 'curl' },
      { personal: { source: { ip: '1.2.3.4', user_agent: 'curl' } } },
    ],
    [
      { traceId: 't', requestId: 'r', durationMs: 3 },
      { core: { trace_id: 't', request_id: 'r', latency_ms: 3 } },
    ],
    [{ serviceName: 's2' }, { core: { service: 's' }, personal: { metadata: { serviceName: 's2' } } }],
    [{ time: 1772368496789 }, { core: { timestamp: '2026-03-01T12:34:56.789Z' } }],
    [
      { timestamp: 1772368496 },
      { core: { timestamp: '2026-03-01T12:34:56Z' }, personal: { coerced: ['/timestamp'] } },
    ],
    [
      { timestamp: '1772368496789123456' },
      { core: { timestamp: '2026-03-01T12:34:56.789123456Z' }, personal: { coerced: ['/timestamp'] } },
    ],
    [{ time: 1772368496.5 }, { core: { timestamp: '2026-03-01T12:34:56.5Z' } }],
    [{ targets: [{ type: 5 }], actor: { type: 6 } }, { core: { target_types: ['5'], actor_type: '6' } }],
    [
      { target: { type: 'file', id: 'f' } },
      { core: { target_types: ['file'] }, personal: { targets: [{ type: 'file', id: 'f' }] } },
    ],
    [{ error: 'boom' }, { personal: { errors: [{ message: 'boom' }] } }],
    [{ hash: 'h', prev_hash: 'p' }, { personal: { stream_chain: { hash: 'h', prev_hash: 'p' } } }],
    [{ result: 'blocked' }, { core: { outcome: 'denied' }, personal: { metadata: { result: 'blocked' } } }],
    [{ result: 'flagged' }, { core: { outcome: 'unknown' }, personal: { metadata: { result: 'flagged' } } }],
    [{ result: { rows: 3 } }, { personal: { metadata: { result: { rows: 3 } } } }],
  ])('%j', (sent, wanted) => {
    expect(mapped({ service: 's', action: 'a.b', ...sent })).toMatchObject(wanted)
  })

  test("service-boilerplate's AuditEvent", () => {
    const event = {
      timestamp: '2026-03-01T12:34:56Z',
      event_type: 'token_operation',
      service: 'auth-service',
      user_id: 'u-1',
      entity_id: 'tok-1',
      request_id: 'r',
      ip_address: '10.0.0.1',
      user_agent: 'ua',
      resource: 'token',
      action: 'refresh',
      result: 'failure',
      trace_id: 't',
      span_id: 's',
      details: { reason: 'expired' },
      error: 'expired',
    }
    expect(mapped(event)).toMatchObject({
      core: {
        kind: 'event',
        action: 'token.refresh',
        outcome: 'failure',
        actor_type: 'user',
        target_types: ['token'],
      },
      personal: {
        actor: { type: 'user', id: 'u-1' },
        targets: [{ type: 'token', id: 'tok-1' }],
        errors: [{ message: 'expired' }],
        metadata: { event_type: 'token_operation', resource: 'token', details: { reason: 'expired' } },
      },
    })
  })

  test("gotrails' trail", () => {
    const trail = {
      timestamp: '2026-01-23T10:00:00.123456789+07:00',
      trace_id: 't',
      request_id: 'r',
      service: 'orders',
      environment: 'development',
      request: { method: 'POST', path: '/orders' },
      response: { status: 500 },
      latency_ms: 12,
      internal_steps: [{ name: 'validate' }],
      integrations: [{ type: 'http', name: 'POST bank/charge' }],
      errors: [{ message: 'boom' }],
      metadata: { k: 'v' },
      hash: 'abc',
    }
    const { core, personal } = mapped(trail)
    expect(core).toMatchObject({
      kind: 'trail',
      action: 'POST /orders',
      outcome: 'failure',
      timestamp: trail.timestamp,
    })
    expect(core.stream).toBeUndefined()
    expect(personal).toMatchObject({
      internal_steps: trail.internal_steps,
      stream_chain: { hash: 'abc' },
      metadata: { k: 'v' },
    })
  })

  test('the old logging clients', () => {
    expect(mapped({ service: 'auth', level: 'error', message: 'User login attempt' })).toMatchObject({
      core: { kind: 'log', service: 'auth', severity: 'error' },
      personal: { message: 'User login attempt' },
    })
  })
})

describe('what can only mean one thing is mended and named', () => {
  test.each<[JsonObject, JsonObject]>([
    [{ actor: 'u-1' }, { personal: { actor: { id: 'u-1' }, coerced: ['/actor'] } }],
    [
      { targets: { type: 'x', id: 7 } },
      { personal: { targets: [{ type: 'x', id: '7' }], coerced: ['/targets', '/targets/0/id'] } },
    ],
    [
      { errors: ['a', { message: 'b' }] },
      { personal: { errors: [{ message: 'a' }, { message: 'b' }], coerced: ['/errors/0'] } },
    ],
    [{ trace_id: 123 }, { core: { trace_id: '123' }, personal: { coerced: ['/trace_id'] } }],
    [{ latency_ms: '12.5' }, { core: { latency_ms: 12.5 }, personal: { coerced: ['/latency_ms'] } }],
    [
      { latency_ms: '0.12345678901234567890' },
      {
        core: { latency_ms: 0.12345678901234568 },
        personal: { metadata: { latency_ms: '0.12345678901234567890' } },
      },
    ],
    [{ stream: { id: 5, seq: '17' } }, { core: { stream: { id: '5', seq: 17 } } }],
  ])('%j', (sent, wanted) => {
    expect(mapped({ ...EVENT, ...sent })).toMatchObject(wanted)
  })
})

describe('refusals name the field', () => {
  test.each<[JsonObject, string]>([
    [{ action: 'x'.repeat(513) }, 'too_large /action'],
    [{ id: 'x'.repeat(513) }, 'too_large /id'],
    [{ id: {} }, 'type /id'],
    [{ actor: { id: 'x'.repeat(513) } }, 'too_large /actor/id'],
    [{ actor: [] }, 'type /actor'],
    [{ targets: [{ id: {} }] }, 'value /targets/0/id'],
    [{ targets: Array.from({ length: 10_001 }, () => ({})) }, 'too_large /targets'],
    [{ labels: { a: {} } }, 'value /labels/a'],
    [{ changes: [{ old: 1 }] }, 'required /changes/0/path'],
    [{ latency_ms: -1 }, 'value /latency_ms'],
    [{ latency_ms: 'soon' }, 'value /latency_ms'],
    [{ stream: { id: 'a' } }, 'required /stream/seq'],
    [{ stream: { id: 'a', seq: 1.5 } }, 'type /stream/seq'],
    [{ stream: { id: 'a', seq: 1, hash: {} } }, 'value /stream/hash'],
    [{ stream: 'a' }, 'type /stream'],
    [{ timestamp: 'yesterday' }, 'value /timestamp'],
    [{ timestamp: 5 }, 'type /timestamp'],
    [{ schema: 'trailproof/v2' }, 'value /schema'],
    [{ action: 'trailproof.key.rotated' }, 'reserved /action'],
    [{ action: 'stream.gap' }, 'reserved /action'],
    [{ action: 'stream.gap_filled' }, 'reserved /action'],
    [{ service: {} }, 'type /service'],
    [{ message: {} }, 'type /message'],
    [{ request: 'GET /' }, 'type /request'],
  ])('%j: %s', (sent, problem) => {
    expect(problems({ ...EVENT, ...sent })).toEqual([problem])
  })

  test('with what was found and the limit', () => {
    expect(mapRecord({ ...EVENT, action: 'x'.repeat(600) }, { position: 7 })).toEqual({
      kind: 'problem',
      problems: [
        {
          record: 7,
          field: '/action',
          code: 'too_large',
          message: 'action has at most 512 characters; found a text of 600 characters',
          limit: 512,
        },
      ],
    })
  })

  test('the server itself may use reserved actions', () => {
    expect(mapped({ action: 'stream.gap' }, { internal: true }).core.action).toBe('stream.gap')
  })

  test("another system's schema name is kept", () => {
    expect(mapped({ ...EVENT, schema: 'acme/7' })).toMatchObject({
      core: { schema: 'trailproof/v1' },
      personal: { metadata: { schema: 'acme/7' } },
    })
  })
})

describe('stream', () => {
  test('is split: the position stays, the hashes can be erased, the rest is kept', () => {
    const { core, personal } = mapped({
      ...EVENT,
      stream: { id: 's', seq: 3, prev_hash: 'a', hash: 'b', end: true },
    })
    expect(core.stream).toEqual({ id: 's', seq: 3 })
    expect(personal).toMatchObject({
      stream_chain: { hash: 'b', prev_hash: 'a' },
      metadata: { stream: { end: true } },
    })
  })
})
