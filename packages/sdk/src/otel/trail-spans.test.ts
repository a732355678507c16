import { expect, test } from 'vitest'
import { createRecorder } from '../recorder/default-recorder.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { otlpTraces, trailSpans } from './trail-spans.ts'

async function trailRecord() {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'orders', sink, environment: 'test' })
  const trail = recorder.openTrail()
  trail.run(() =>
    trail.traceStep('charge', () =>
      trail.addIntegration({ type: 'http', name: 'GET bank', latencyMs: 2, error: new Error('down') }),
    ),
  )
  trail.setRequest({ method: 'GET', route: '/orders/:id', path: '/orders/1' })
  trail.setResponse({ status: 502 })
  void trail.finish()
  await recorder.flush()
  return sink.records[0]!
}

test('a trail is its own span, its steps and its calls inside them', async () => {
  const record = await trailRecord()
  const [root, step, call, ...more] = trailSpans(record)
  expect(more).toEqual([])
  expect(root).toMatchObject({
    traceId: record['trace_id'],
    spanId: record['span_id'],
    name: 'GET /orders/:id',
    kind: 2,
    status: { code: 2 },
  })
  expect(root!.attributes).toContainEqual({
    key: 'http.response.status_code',
    value: { intValue: '502' }, // an integer, as the semantic conventions have it
  })
  expect(step).toMatchObject({ name: 'charge', kind: 1, parentSpanId: root!.spanId })
  expect(call).toMatchObject({
    name: 'GET bank',
    kind: 3,
    parentSpanId: step!.spanId,
    status: { code: 2, message: 'down' },
  })
  expect(BigInt(call!.endTimeUnixNano) - BigInt(call!.startTimeUnixNano)).toBe(2_000_000n)
  expect(trailSpans(record)).toEqual(trailSpans(record))
})

test('trails of one service share a resource; other records are passed over', async () => {
  const record = await trailRecord()
  expect(otlpTraces([record, { kind: 'event' }, record])).toMatchObject({
    resourceSpans: [{ scopeSpans: [{ spans: { length: 6 } }] }],
  })
})
