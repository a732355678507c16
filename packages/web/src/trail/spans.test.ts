import { expect, test } from 'vitest'
import type { ShownRecord } from '../api/answers.ts'
import { spansOf } from './spans.ts'

const record = (index: number, fields: Partial<ShownRecord>): ShownRecord => ({
  id: `r${index}`,
  ledger: 'main',
  index,
  recorded_at: '2026-01-01T00:00:00Z',
  ...fields,
})

test('records of a trace stand by the time they began, with their steps and calls within', () => {
  const { spans, totalMs } = spansOf([
    record(1, {
      timestamp: '2026-01-01T00:00:00.030Z',
      action: 'order.placed',
      kind: 'event',
      outcome: 'denied',
    }),
    record(0, {
      timestamp: '2026-01-01T00:00:00.000Z',
      kind: 'trail',
      action: 'POST /orders',
      latency_ms: 120,
      outcome: 'success',
      integrations: [
        { type: 'database', name: 'pg insert', offset_ms: 40, latency_ms: 15, error: { name: 'Error' } },
      ],
      internal_steps: [{ name: 'price', offset_ms: 5, latency_ms: null }],
    }),
  ])
  expect(totalMs).toBe(120)
  expect(
    spans.map(({ name, lane, depth, startMs, durationMs, outcome }) => [
      name,
      lane,
      depth,
      startMs,
      durationMs,
      outcome,
    ]),
  ).toEqual([
    ['POST /orders', 'request', 0, 0, 120, 'success'],
    ['price', 'internal', 1, 5, undefined, 'success'],
    ['pg insert', 'database', 1, 40, 15, 'failure'],
    ['order.placed', 'event', 0, 30, undefined, 'denied'],
  ])
})

test.each([
  [[]],
  [[record(0, { timestamp: 'no time', recorded_at: 'nor this' })]],
  [[record(0, { integrations: 'none', internal_steps: [null, 3, {}].slice(2) })]],
])('whatever stands there is shown, or left out', (records) => {
  expect(spansOf(records).totalMs).toBe(0)
})
