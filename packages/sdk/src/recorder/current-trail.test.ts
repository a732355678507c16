import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { memorySink } from '../sinks/memory-sink.ts'
import { bindTrail, currentTrail, runOutside, traceStep } from './current-trail.ts'
import { createRecorder } from './default-recorder.ts'
import { runTrail } from './run-trail.ts'
import { TRAIL_STATES } from './trail-states.ts'

function recording() {
  const sink = memorySink()
  const recorder = createRecorder({ sink, collect: false })
  const records = async () => {
    await recorder.flush()
    return sink.records
  }
  return { recorder, records }
}

test('a bound function runs in its trail, with its own this, whoever calls it', () => {
  const { recorder } = recording()
  const trail = recorder.openTrail()
  const emitter = new EventEmitter()
  const seen: unknown[] = []
  trail.run(() => {
    emitter.on(
      'x',
      bindTrail(function (this: EventEmitter, value: unknown) {
        seen.push(this === emitter, currentTrail() === trail, value)
      }),
    )
    runOutside(() => seen.push(currentTrail()))
  })
  emitter.emit('x', 7)
  expect(seen).toEqual([undefined, true, true, 7])
})

test('a query that runs when it is awaited stays what it is, and its step ends with it', async () => {
  const { recorder, records } = recording()
  let runs = 0
  const query = {
    where: () => query,
    // oxlint-disable-next-line unicorn/no-thenable -- as query builders are
    async then(done: (value: string) => unknown) {
      runs++
      await Promise.resolve()
      return done('rows')
    },
  }
  const trail = recorder.openTrail()
  await trail.run(async () => {
    const traced = traceStep('load', () => query)
    expect([traced.where(), runs]).toEqual([query, 0])
    expect(await traced).toBe('rows')
  })
  void trail.finish()
  expect(runs).toBe(1)
  expect(await records()).toMatchObject([
    { internal_steps: [{ name: 'load', latency_ms: expect.any(Number) as number }] },
  ])
})

test('work runs whatever its carrier holds', async () => {
  const { recorder, records } = recording()
  for (const carrier of [null, undefined, { traceparent: 7 }, 'text', []])
    expect(await runTrail({ action: 'a.b', carrier: carrier as never }, () => 'done', recorder)).toBe('done')
  expect(await records()).toHaveLength(5)
})

test('an outcome that is none cannot become a part of the record', async () => {
  const { recorder, records } = recording()
  const trail = recorder.openTrail()
  trail.setOutcome('success","actor":{"id":"admin"},"x":"' as never)
  trail.addTarget('order 5' as never)
  trail.addChange('all' as never)
  void trail.finish()
  expect(await records()).toMatchObject([
    { outcome: 'unknown', targets: [{ id: 'order 5' }], changes: [{ path: '', new: 'all' }] },
  ])
  expect((await records())[0]!['actor']).toBeUndefined()
})

test('after its end a trail refuses everything, and counts it', async () => {
  const { recorder, records } = recording()
  const trail = recorder.openTrail()
  const step = trail.startStep('s')
  const call = trail.startIntegration({ type: 'custom', name: 'c' })
  void trail.finish()
  const [before] = await records()
  trail.setRequest({ path: '/harmless' })
  trail.setResponse({ status: 200 })
  trail.endStep(step)
  call?.end({ response: 1 })
  trail.addError(new Error('late'))
  void trail.finish()
  expect(recorder.counters.late).toBe(6)
  expect(await records()).toEqual([before])
  for (const state of ['finished', 'abandoned'] as const)
    expect(new Set(Object.values(TRAIL_STATES[state]))).toEqual(new Set(['refused']))
})

test('what was recorded is not kept by what a request leaves behind; who acted is', async () => {
  const { recorder, records } = recording()
  const trail = recorder.openTrail()
  trail.setActor({ id: 'u-1' })
  trail.setMetadata('large', 'x'.repeat(1_000))
  trail.traceStep('s', () => undefined)
  void trail.finish()
  expect(await records()).toMatchObject([
    { internal_steps: [{ name: 's' }], metadata: { large: 'x'.repeat(1_000) } },
  ])
  expect(trail.parts).toMatchObject({
    actor: { id: 'u-1' },
    metadata: {},
    steps: [],
    describe: undefined,
    observed: undefined,
  })
})
