import { expect, test } from 'vitest'
import { createAudit } from '../audit/audit.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { newTraceId } from '../trace-context/ids.ts'
import { createRecorder } from './default-recorder.ts'
import { compileSampling } from './sampling.ts'

const usual = { action: 'GET /a', failed: false, latencyMs: 1 }

test('a share of the traces is kept, the same ones everywhere', () => {
  const traces = Array.from({ length: 20_000 }, newTraceId)
  const [one, other] = [compileSampling({ rate: 0.25 }), compileSampling({ rate: 0.25, keepErrors: false })]
  const kept = traces.filter((traceId) => one.keeps({ ...usual, traceId }))
  expect(kept.length / traces.length).toBeCloseTo(0.25, 1)
  expect(traces.filter((traceId) => other.mayKeep(traceId))).toEqual(kept)
})

test.each([
  ['an error', { failed: true }, true],
  ['a slow one', { latencyMs: 500 }, true],
  ['a route of its own', { action: 'POST /payments' }, true],
  ['a route by its beginning', { action: 'GET /admin/users' }, true],
  ['the longest beginning', { action: 'GET /admin/health' }, false],
  ['any other', {}, false],
])('with a rate of nothing %s is kept: %#', (_what, trail, keeps) => {
  const sampling = compileSampling({
    rate: 0,
    slowMs: 500,
    routes: { 'POST /payments': 1, 'GET /admin/*': 1, 'GET /admin/h*': 0 },
  })
  expect(sampling.keeps({ traceId: newTraceId(), ...usual, ...trail })).toBe(keeps)
})

test.each([-0.1, 1.1, Number.NaN])('a rate of %d is refused', (rate) => {
  expect(() => compileSampling({ rate })).toThrow('sampling.rate')
  expect(() => compileSampling({ routes: { a: rate } })).toThrow("sampling.routes['a']")
})

test('what is left out is counted and said in the end, has no number in the stream, and its audit events are recorded', async () => {
  const sink = memorySink()
  const recorder = createRecorder({ sink, collect: false, sampling: { rate: 0 } })
  const audit = createAudit({}, recorder)
  for (let i = 0; i < 3; i++) {
    const trail = recorder.openTrail({ action: 'GET /a' })
    await trail.run(() => audit.event('payment.created', { target: { id: '1' } }))
    void trail.finish()
  }
  await recorder.close()
  expect(recorder.counters.sampledOut).toBe(3)
  expect(sink.records.map(({ kind, stream }) => [kind, (stream as { seq: number }).seq])).toEqual([
    ['event', 1],
    ['event', 2],
    ['event', 3],
    ['event', 4],
  ])
  expect(sink.records[3]).toMatchObject({ action: 'stream.sampled', metadata: { trails: 3 } })
})
