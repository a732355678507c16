import { expect, test } from 'vitest'
import { createRecorder } from '../recorder/default-recorder.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { createAudit } from './audit.ts'
import { CHANGES_MAX, diff } from './diff.ts'
import { createLog } from './log.ts'

function recording() {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'payments', sink, environment: 'test', host: 'h' })
  const records = async () => {
    await recorder.flush()
    return sink.records
  }
  return { recorder, records, audit: createAudit({ 'payment.created': { requires: ['target'] } }, recorder) }
}

test('an event says who did what to what, with the trail it happened in', async () => {
  const { recorder, records, audit } = recording()
  const trail = recorder.openTrail()
  await trail.run(async () => {
    trail.setActor({ type: 'user', id: 'u-1', roles: ['clerk'] })
    await audit.event('payment.created', {
      target: { type: 'payment', id: 'p-1' },
      changes: diff({ amount: 10 }, { amount: 20 }),
      metadata: { pin: '1234' },
    })
  })
  expect(await records()).toMatchObject([
    {
      kind: 'event',
      action: 'payment.created',
      outcome: 'success',
      severity: 'info',
      actor: { type: 'user', id: 'u-1', roles: ['clerk'] },
      targets: [{ type: 'payment', id: 'p-1' }],
      changes: [{ path: '/amount', old: 10, new: 20 }],
      metadata: { pin: '***' },
      trace_id: trail.traceId,
      request_id: trail.requestId,
    },
  ])
})

test('an event that changed nothing has no list of changes', async () => {
  const { records, audit } = recording()
  await audit.event('order.saved', { changes: diff({ a: 1 }, { a: 1 }), targets: [] })
  const [event] = await records()
  expect(Object.keys(event!)).not.toEqual(expect.arrayContaining(['changes']))
  expect(Object.keys(event!)).not.toEqual(expect.arrayContaining(['targets']))
})

test('what was denied says why', async () => {
  const { records, audit } = recording()
  expect(await audit.denied('payment.refunded', { reason: 'not your payment' })).toEqual({ kind: 'queued' })
  expect(await records()).toMatchObject([
    { action: 'payment.refunded', outcome: 'denied', reason: 'not your payment', severity: 'warn' },
  ])
})

test('an event that lacks what its action requires is recorded, and says what is missing', async () => {
  const { records, audit } = recording()
  await audit.event('payment.created', {} as never) // as untyped code does
  expect(await records()).toMatchObject([
    { errors: [{ code: 'missing', message: 'target is required for this action', source: 'trailproof' }] },
  ])
})

test('an identifier that the server would refuse the record for is left out, and said', async () => {
  const { records, audit } = recording()
  await audit.event('user.created', { target: { type: 'user', id: 'x'.repeat(513) }, actor: { id: 'a' } })
  const [event] = await records()
  expect(event).toMatchObject({
    targets: [{ type: 'user' }],
    errors: [{ code: 'too_long', message: '/targets/0/id was left out: it has 513 characters; at most 512' }],
  })
})

test('hostile data is recorded as far as it can be read', async () => {
  const { records, audit } = recording()
  const circular: Record<string, unknown> = { big: 10n, when: new Date(0) }
  circular['self'] = circular
  Object.defineProperty(circular, 'broken', {
    enumerable: true,
    get: () => {
      throw new Error('no')
    },
  })
  await audit.event('entity.updated', {
    target: { id: '1' },
    metadata: { circular, map: new Map([['a', 1]]), bytes: Buffer.from('x') },
  })
  expect((await records())[0]!['metadata']).toEqual({
    circular: { big: '10', broken: '[unreadable: no]', self: '[circular]', when: '1970-01-01T00:00:00.000Z' },
    map: { a: 1 },
    bytes: '[1 bytes]',
  })
})

test('a log line carries the ids of its trail, its fields and its error', async () => {
  const { recorder, records } = recording()
  const log = createLog({ recorder, level: 'info' }).with({ component: 'db' })
  const trail = recorder.openTrail()
  trail.run(() => {
    log.debug('not made')
    log.error('query failed', { table: 'users', error: new TypeError('no such column') })
  })
  expect(await records()).toMatchObject([
    {
      kind: 'log',
      message: 'query failed',
      severity: 'error',
      metadata: { component: 'db', table: 'users' },
      errors: [{ message: 'no such column', name: 'TypeError', source: 'log' }],
      trace_id: trail.traceId,
    },
  ])
})

test.each([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1 }, { a: 2 }, [{ path: '/a', old: 1, new: 2 }]],
  [{ a: 1 }, {}, [{ path: '/a', old: 1 }]],
  [{}, { 'a/b~': null }, [{ path: '/a~1b~0', new: null }]],
  [
    { a: { b: [1, 2] } },
    { a: { b: [1, 3, 4] } },
    [
      { path: '/a/b/1', old: 2, new: 3 },
      { path: '/a/b/2', new: 4 },
    ],
  ],
  [undefined, { a: 1 }, [{ path: '', new: { a: 1 } }]],
  [{ at: new Date(0) }, { at: new Date(0) }, []],
  [{ at: new Date(0) }, { at: new Date(1) }, [{ path: '/at', old: new Date(0), new: new Date(1) }]],
  [{ a: [] }, { a: {} }, [{ path: '/a', old: [], new: {} }]],
])('the difference of %j and %j', (before, after, changes) => {
  expect(diff(before, after)).toEqual(changes)
})

test('a difference is bounded', () => {
  const many = Object.fromEntries(Array.from({ length: CHANGES_MAX + 5 }, (_, i) => [`k${i}`, i]))
  expect(diff({}, many)).toHaveLength(CHANGES_MAX)
})
