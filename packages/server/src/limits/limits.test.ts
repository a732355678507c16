import { expect, test } from 'vitest'
import { Limits, type RateSettings } from './limits.ts'

const NONE: RateSettings = {
  key_requests_per_second: 0,
  address_requests_per_second: 0,
  address_failures_per_minute: 0,
  ledger_records_per_second: 0,
}

/** How many of 1,000 things at one moment go through. */
function through(settings: Partial<RateSettings>, one: (limits: Limits) => unknown): number {
  const limits = new Limits({ ...NONE, ...settings }, () => 0)
  let taken = 0
  for (let i = 0; i < 1000; i++)
    try {
      if (one(limits) === undefined) taken++
    } catch {
      // refused
    }
  return taken
}

const ofKey = (limits: Limits) => limits.request('1.2.3.4', () => 'key')
const ofNobody = (limits: Limits) => limits.request('1.2.3.4', () => undefined)

test.each<[string, Partial<RateSettings>, (limits: Limits) => unknown, number]>([
  ['nothing is limited by default', {}, ofKey, 1000],
  ['a key: two seconds of it at once', { key_requests_per_second: 10 }, ofKey, 21],
  ['no valid key: not by that of keys', { key_requests_per_second: 10 }, ofNobody, 1000],
  ['an address: two seconds of it at once', { address_requests_per_second: 10 }, ofNobody, 21],
  [
    'refused keys: a minute of them at once',
    { address_failures_per_minute: 60 },
    (l) => l.failed('1.2.3.4'),
    61,
  ],
  ['a ledger: by records', { ledger_records_per_second: 50 }, (l) => l.records('main', 10), 11],
  ['a ledger: a batch above its rate', { ledger_records_per_second: 50 }, (l) => l.records('main', 500), 1],
])('%s', (_, settings, one, expected) => {
  expect(through(settings, one)).toBe(expected)
})

test('says which setting of whom', () => {
  const limits = new Limits({ ...NONE, ledger_records_per_second: 1 }, () => 0)
  limits.records('main', 100)
  expect(limits.records('main', 1)).toMatchObject({
    code: 'RATE_LIMITED',
    retryable: true,
    message: 'ledger main: more than ledger_records_per_second (1) allows',
  })
})
