import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instantMs, parseTimeSpan } from './time-span.ts'

test('reads the instants that Date reads', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      (date) => {
        expect(instantMs(date.toISOString())).toBe(date.getTime())
      },
    ),
    { numRuns: 2000 },
  )
})

test.each([
  ['2026-08-01', '2026-08-01T00:00:00Z', 86_400_000],
  ['2026-08-01T12:30', '2026-08-01T12:30:00Z', 60_000],
  ['2026-08-01 12:30+02:00', '2026-08-01T10:30:00Z', 60_000],
  ['2026-08-01T12:30:15Z', '2026-08-01T12:30:15Z', 1000],
  ['2026-08-01T12:30:15.123456789Z', '2026-08-01T12:30:15.123Z', 1],
  ['2024-02-29', '2024-02-29T00:00:00Z', 86_400_000],
])('%s names a span', (text, from, lengthMs) => {
  const span = parseTimeSpan(text)!
  expect(new Date(span.fromMs).toISOString()).toBe(new Date(from).toISOString())
  expect(span.toMs - span.fromMs).toBe(lengthMs)
})

test.each([
  '2026',
  '2026-08',
  '2026-02-29',
  '2026-13-01',
  '2026-08-01T24:00',
  '2026-08-01T12',
  '2026-08-01T12:00+9',
  'now',
])('%j names none', (text) => {
  expect(parseTimeSpan(text)).toBeUndefined()
})

test.each([
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2026-08-01t00:00:00.9999999-01:30', '2026-08-01T01:30:00.999Z'],
])('the instant of %s', (text, iso) => {
  expect(new Date(instantMs(text)!).toISOString()).toBe(iso)
})

test.each(['2026-08-01', '2026-08-01T12:30Z', '2026-08-01T12:30:00', '2026-08-01T12:30:00+24:00', ''])(
  '%j is no instant',
  (text) => {
    expect(instantMs(text)).toBeUndefined()
  },
)
