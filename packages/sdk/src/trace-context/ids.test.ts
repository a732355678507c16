import { expect, test } from 'vitest'
import { newRecordId, newSpanId, newTraceId } from './ids.ts'

test('ids have their form and are different', () => {
  const traces = Array.from({ length: 5_000 }, newTraceId)
  const spans = Array.from({ length: 5_000 }, newSpanId)
  for (const id of traces) expect(id).toMatch(/^[0-9a-f]{32}$/)
  for (const id of spans) expect(id).toMatch(/^[0-9a-f]{16}$/)
  expect(new Set([...traces, ...spans]).size).toBe(10_000)
})

test('record ids are UUIDv7 of their time and only ever rise, also when the clock goes back or stands still', () => {
  const now = Date.UTC(2026, 10, 21)
  const ids = [now, now, now - 5_000, ...Array.from({ length: 10_000 }, () => now), now + 60_000].map(
    newRecordId,
  )
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
  expect(Number.parseInt(ids[0]!.replaceAll('-', '').slice(0, 12), 16)).toBe(now)
  const variants = new Set(ids.map((id) => id[19]))
  expect(variants).toEqual(new Set(['8', '9', 'a', 'b']))
})
