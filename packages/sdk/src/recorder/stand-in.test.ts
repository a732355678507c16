import { expect, test } from 'vitest'
import { memorySink } from '../sinks/memory-sink.ts'
import { createRecorder } from './default-recorder.ts'
import { eventDraft } from './draft.ts'

function recording() {
  const sink = memorySink()
  return { sink, recorder: createRecorder({ service: 's', environment: 'e', sink, collect: false }) }
}

test('a trail that cannot be described is recorded as that, in its place and with its ids', async () => {
  const { sink, recorder } = recording()
  const trail = recorder.openTrail({ action: 'GET /a' })
  trail.parts.describe = () => {
    throw new Error('password=hunter2')
  }
  void trail.finish()
  await recorder.close()
  expect(sink.records).toMatchObject([
    {
      action: 'GET /a',
      id: trail.id,
      kind: 'trail',
      trace_id: trail.traceId,
      outcome: 'unknown',
      errors: [{ code: 'not_recorded', message: 'the record could not be made: describe failed' }],
      request: {},
      stream: { seq: 1 },
    },
  ])
  expect(JSON.stringify(sink.records)).not.toContain('hunter2')
  expect(recorder.counters.faults).toBe(1)
})

test.each(['event', 'log'] as const)(
  'so is one of kind %s that cannot be sealed, and the stream has no hole',
  async (kind) => {
    const { sink, recorder } = recording()
    const hostile = {
      get a() {
        throw new Error('no')
      },
    }
    const metadata = hostile as never // only untyped code gets that far
    void recorder.record(
      eventDraft(recorder.options.producer, { kind, action: 'a.b', traceId: 't-1', metadata }),
    )
    void recorder.record(eventDraft(recorder.options.producer, { kind, action: 'a.c' }))
    await recorder.close()
    expect(sink.records).toMatchObject([
      { kind, action: 'a.b', trace_id: 't-1', errors: [{ code: 'not_recorded' }], stream: { seq: 1 } },
      { kind, action: 'a.c', stream: { seq: 2 } },
    ])
  },
)
