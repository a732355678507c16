import { describe, expect, test } from 'vitest'
import { signActor, verifyActor } from './signed-actor.ts'
import { incomingContext, outgoingHeaders } from './trace-context.ts'
import { parseTraceparent, usableTracestate } from './traceparent.ts'

const names = { traceId: 'x-trace-id', requestId: 'x-request-id' }
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${TRACE}-00f067aa0ba902b7-00`
const incoming = (headers: Readonly<Record<string, string>>) =>
  incomingContext((name) => headers[name], names)

describe('the trace of a request', () => {
  test.each([
    [{ 'x-trace-id': 'a-1', traceparent: PARENT, 'x-request-id': 'r' }, 'a-1'],
    [{ traceparent: PARENT, 'x-request-id': 'r', 'x-correlation-id': 'c' }, TRACE],
    [{ 'x-request-id': 'r', 'x-correlation-id': 'c' }, 'r'],
    [{ 'x-correlation-id': 'c' }, 'c'],
    [{ 'x-trace-id': 'a\nb', 'x-correlation-id': 'c' }, 'c'],
    [{ 'x-trace-id': 'x'.repeat(129), 'x-request-id': 'r' }, 'r'],
    [{ 'x-trace-id': '', 'x-request-id': 'ü' }, undefined],
    [{ traceparent: `ff-${TRACE}-00f067aa0ba902b7-01` }, undefined],
  ])('%j is named %s', (headers, named) => {
    const { traceId } = incoming(headers)
    if (named === undefined) expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    else expect(traceId).toBe(named)
  })

  test('goes on with the flags and the state it came with', () => {
    const context = incoming({ traceparent: PARENT, tracestate: 'a=1,b=2', 'x-request-id': 'r-1' })
    expect(context.parentSpanId).toBe('00f067aa0ba902b7')
    expect(outgoingHeaders(context, names)).toEqual({
      traceparent: `00-${TRACE}-${context.spanId}-00`,
      tracestate: 'a=1,b=2',
      'x-request-id': 'r-1',
    })
  })

  test('that is named otherwise is the same W3C trace in every service', () => {
    const [one, other] = [incoming({ 'x-trace-id': 'order-7' }), incoming({ 'x-trace-id': 'order-7' })]
    expect(one.w3cTraceId).toMatch(/^[0-9a-f]{32}$/)
    expect(other.w3cTraceId).toBe(one.w3cTraceId)
    expect(outgoingHeaders(one, names)['x-trace-id']).toBe('order-7')
    const uuid = incoming({ 'x-trace-id': '4BF92F35-77B3-4DA6-A3CE-929D0E0E4736' })
    expect(uuid.w3cTraceId).toBe(TRACE)
  })
})

test.each([
  [PARENT, true],
  [`01-${TRACE}-00f067aa0ba902b7-01-extra`, true],
  [`00-${TRACE}-00f067aa0ba902b7-01-extra`, false],
  [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, false],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, false],
  [PARENT.toUpperCase(), false],
  ['', false],
  [`${PARENT}${'-'.repeat(1_000)}`, false],
])('traceparent %s may be continued: %s', (text, usable) => {
  expect(parseTraceparent(text) !== undefined).toBe(usable)
})

test.each([
  ['00', '00'],
  ['01', '01'],
  ['02', '00'],
  ['03', '01'],
  ['fe', '00'],
  ['ff', '01'],
])('of the flags %s, %s is passed on', (came, goes) => {
  for (const version of ['00', 'cc']) {
    const context = incoming({ traceparent: `${version}-${TRACE}-00f067aa0ba902b7-${came}` })
    expect(outgoingHeaders(context, names)['traceparent']).toBe(`00-${TRACE}-${context.spanId}-${goes}`)
  }
})

const members = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`).join(',')

test.each([
  'a=1',
  'a=1,b=2',
  'a=1 \t, \tb=2',
  'a=1,,b=2,',
  'a= 1 <x>;"y"',
  'a_-*/9=~',
  '0tenant@vendor=1',
  `${'k'.repeat(256)}=1`,
  `${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
  `k=${'v'.repeat(256)}`,
  members(32),
])('the tracestate %j is passed on as it came', (text) => {
  expect(usableTracestate(text)).toBe(text)
})

test.each([
  ['absent', undefined],
  ['empty', ''],
  ['of empty members', ' , ,'],
  ['with a line break', 'a=1\nb'],
  ['of 33 members', members(33)],
  ['with a key twice', 'a=1,b=2,a=3'],
  ['without a value', 'a='],
  ['with a value of spaces', 'a=  ,b=1'],
  ['without a key', '=1'],
  ['without =', 'a'],
  ['with = twice', 'a=1=2'],
  ['with a space before =', 'a =1'],
  ['with a capital', 'A=1'],
  ['with a digit first', '1a=1'],
  ['with @ twice', 'a@b@c=1'],
  ['with a vendor that begins with a digit', 'a@1b=1'],
  ['with an empty tenant', '@b=1'],
  ['with a key that is too long', `${'k'.repeat(257)}=1`],
  ['with a tenant that is too long', `${'t'.repeat(242)}@v=1`],
  ['with a vendor that is too long', `t@${'v'.repeat(15)}=1`],
  ['with a value that is too long', `k=${'v'.repeat(257)}`],
  ['with other letters', 'a=ü'],
  ['that is too long', `a=${'v'.repeat(250)},b=${'v'.repeat(250)},c=${'v'.repeat(20)}`],
])('a tracestate %s is not passed on', (_case, text) => {
  expect(usableTracestate(text)).toBeUndefined()
})

describe('a signed actor', () => {
  const seal = { key: 'k'.repeat(32), traceId: TRACE, way: 'http' } as const
  const signed = signActor({ id: 'u-1', roles: ['admin'] }, 2_000, seal)!

  test('is believed in its trace, on its way, in its time', () => {
    expect(verifyActor(signed, 1_999, seal)).toEqual({ id: 'u-1', roles: ['admin'] })
  })

  test.each([
    ['too late', signed, 2_001, seal],
    ['in another trace', signed, 1, { ...seal, traceId: 'other' }],
    ['on another way', signed, 1, { ...seal, way: 'carrier' as const }],
    ['with another key', signed, 1, { ...seal, key: 'x'.repeat(32) }],
    ['changed', signed.replace(/^./, 'f'), 1, seal],
    ['with another expiry', signed.replace('.2000.', '.9000.'), 1, seal],
    ['in two parts', 'a.b', 1, seal],
    ['in four parts', `${signed}.x`, 1, seal],
    ['empty', '', 1, seal],
    ['too long', 'x'.repeat(10_000), 1, seal],
    ['absent', undefined, 1, seal],
  ])('is not believed %s', (_case, text, now, by) => {
    expect(verifyActor(text, now, by)).toBeUndefined()
  })
})
