import { mapRecord } from '@trailproof/core/schema'
import { describe, expect, test } from 'vitest'
import { chanceOf, idAt } from './chance.ts'
import { dayClock } from './day.ts'
import { INCIDENT_MS, INTRUDER_IP } from './incident.ts'
import { recordsOf } from './request.ts'
import { backdatedShop, liveShop, RECORDS_LEAST } from './shop.ts'
import { ordinaryStory } from './stories.ts'
import { ibanOf, makeWorld } from './world.ts'

const TO_MS = Date.parse('2026-11-22T12:00:00Z')
const HOUR = 3_600_000
const shopOf = (seed: number, records: number, hours = 24) => [
  ...backdatedShop(seed, records, { fromMs: TO_MS - hours * HOUR, toMs: TO_MS }),
]
const isIntruders = ({ source }: Readonly<Record<string, unknown>>): boolean =>
  (source as { ip: string }).ip === INTRUDER_IP

describe('the shop', () => {
  test('is the same again for the same seed and time, and another for another seed', () => {
    expect(shopOf(7, 500)).toEqual(shopOf(7, 500))
    expect(shopOf(8, 500)[0]).not.toEqual(shopOf(7, 500)[0])
  })

  test('has no id twice, and only records that the schema takes as they are', () => {
    const records = shopOf(7, 5000)
    expect(new Set(records.map(({ id }) => id)).size).toBe(5000)
    for (const record of records) {
      const mapped = mapRecord(record)
      expect(mapped).toMatchObject({ kind: 'record' })
      if (mapped.kind === 'record') expect(mapped.record.personal.coerced).toBeUndefined()
    }
  })

  test('stays within its time', () => {
    const times = shopOf(7, 2000).map(({ timestamp }) => Date.parse(timestamp))
    expect(Math.min(...times)).toBeGreaterThanOrEqual(TO_MS - 24 * HOUR)
    expect(Math.max(...times)).toBeLessThan(TO_MS + 5000)
  })

  test.each([
    [RECORDS_LEAST, 24],
    [RECORDS_LEAST, 0.1],
    [5000, 24],
    [5000, 0.1],
  ])('of %i records over %d hours has the whole incident, in its order', (records, hours) => {
    const told = shopOf(1, records, hours).filter(isIntruders)
    const actions = told.filter(({ kind }) => kind === 'event').map((record) => record['action'])
    expect(new Set(actions)).toEqual(
      new Set(['auth.login', 'access.denied', 'payout_account.changed', 'payment.refunded']),
    )
    expect(actions.filter((action) => action === 'payment.refunded').length).toBe(19)
    const times = told.map(({ timestamp }) => Date.parse(timestamp))
    expect(times.at(-1)! - times[0]!).toBeLessThan(INCIDENT_MS)
  })

  test('live, has the incident within its time as well', () => {
    const shop = liveShop(3, TO_MS, 60_000)
    const records = Array.from({ length: 240 }, (_, i) => shop.until(TO_MS + i * 250)).flat()
    expect(records.filter(isIntruders).length).toBeGreaterThan(50)
  })
})

describe('a request', () => {
  test('is one trace: services below the gateway, what they did within its time, events with their cause', () => {
    const chance = chanceOf(5)
    const world = makeWorld(chance)
    for (let i = 0; i < 200; i++) {
      const records = recordsOf(ordinaryStory(world, chance), TO_MS, chance)
      expect(new Set(records.map((record) => record['trace_id'])).size).toBe(1)
      const [first] = records
      expect(first).toMatchObject({ service: 'gateway', kind: 'trail' })
      const spans = new Set(records.map((record) => record['span_id']))
      for (const record of records.slice(1)) expect(spans).toContain(record['parent_span_id'])
      const ids = new Set(records.map(({ id }) => id))
      for (const { causation_id: cause } of records.filter(({ kind }) => kind !== 'trail'))
        expect(ids).toContain(cause)
      const endMs = TO_MS + (first!['latency_ms'] as number)
      for (const { timestamp } of records) expect(Date.parse(timestamp)).toBeLessThanOrEqual(endMs)
    }
  })
})

test('more happens by day than by night, and all of it in time', () => {
  const clock = dayClock(TO_MS - 24 * HOUR, TO_MS)
  const hours = Array.from({ length: 1000 }, (_, i) => new Date(clock(i / 1000)).getUTCHours())
  const during = (from: number, to: number) => hours.filter((hour) => hour >= from && hour < to).length
  expect(during(13, 17)).toBeGreaterThan(during(1, 5) * 4)
  expect(clock(0)).toBe(TO_MS - 24 * HOUR)
  expect(clock(1)).toBe(TO_MS)
})

test('ids are UUIDs of version 7, and account numbers have valid check digits', () => {
  expect(idAt(TO_MS, chanceOf(1))).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  const iban = ibanOf(chanceOf(1))
  expect(BigInt(`${iban.slice(4)}1314${iban.slice(2, 4)}`) % 97n).toBe(1n)
})

test('nobody in it can be a real person: example domains and addresses for documentation alone', () => {
  for (const { actor, source } of shopOf(2, 3000)) {
    expect((actor as { email: string }).email).toMatch(/@(example\.(com|org|net)|shop\.example)$/)
    expect((source as { ip: string }).ip).toMatch(/^(192\.0\.2|198\.51\.100|203\.0\.113)\./)
  }
})
