import { expect, test } from 'vitest'
import { parseTime, typedTime } from './parse-time.ts'

test.each([
  ['2026-11-22 09:00', 'UTC', '2026-11-22T09:00:00.000Z'],
  ['2026-11-22T09:00', 'Europe/Berlin', '2026-11-22T08:00:00.000Z'],
  ['2026-07-01 09:00:30.5', 'Europe/Berlin', '2026-07-01T07:00:30.500Z'],
  ['2026-11-22', 'Asia/Kolkata', '2026-11-21T18:30:00.000Z'],
  ['2026-11-22 09:00Z', 'Asia/Kolkata', '2026-11-22T09:00:00.000Z'],
  ['2026-11-22T09:00:00.123456+02:00', 'UTC', '2026-11-22T07:00:00.123Z'],
  // The clock is put forward at 2:00 on this day, and back at 3:00 on the other.
  ['2026-03-29 01:59', 'Europe/Berlin', '2026-03-29T00:59:00.000Z'],
  ['2026-03-29 03:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
  ['2026-10-25 03:00', 'Europe/Berlin', '2026-10-25T02:00:00.000Z'],
])('%s in %s is %s', (text, zone, iso) => expect(parseTime(text, zone)).toBe(iso))

test.each(['', 'now', '12', '2026-13-01', '2026-11-22 25:00', '22.11.2026', '2026-11-22Z'])(
  '%j is no time',
  (text) => expect(parseTime(text, 'UTC')).toBeUndefined(),
)

test('what is shown to be typed over means the same time', () => {
  expect(typedTime('2026-11-22T08:00:00.000Z', 'Europe/Berlin')).toBe('2026-11-22 09:00')
  expect(typedTime('2026-11-22T08:00:07.250Z', 'UTC')).toBe('2026-11-22 08:00:07.250')
  expect(typedTime('', 'UTC')).toBe('')
  const twice = ['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z']
  for (const iso of twice) expect(parseTime(typedTime(iso, 'Europe/Berlin'), 'Europe/Berlin')).toBe(iso)
})
