/** What the types forbid and JavaScript lets happen all the same: it is recorded as far as it can be, and never thrown. */
import { expect, test } from 'vitest'
import { createAudit, createLog, createRecorder } from '../index.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { errorOf } from './snapshot.ts'

const refuse = (): never => {
  throw new Error('a trap')
}
const unprintable = { toString: refuse }

function recording() {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'orders', sink })
  const records = async () => {
    await recorder.flush()
    expect(recorder.counters.faults).toBe(0)
    return sink.records
  }
  return { recorder, records }
}

test('a text that was thrown is cut as the message of an error is', () => {
  expect(errorOf('x'.repeat(100_000)).message).toHaveLength(8_192)
})

test.each([[unprintable], [7], [null], [Symbol('a')], [10n]])(
  '%o as a name or label',
  async (value: unknown) => {
    const { recorder, records } = recording()
    const trail = recorder.openTrail()
    trail.setLabel(value as never, value as never)
    trail.endStep(trail.startStep(value as never))
    trail.addIntegration({ type: value as never, name: value as never, latencyMs: value as never })
    void trail.finish()
    expect(await records()).toMatchObject([{ internal_steps: [{ id: 1 }], integrations: [{}] }])
  },
)

test.each([
  ['a text', 'x', { value: 'x' }],
  ['bytes', Buffer.from('abc'), { value: '[3 bytes]' }],
  ['a list', [1, 2], { value: [1, 2] }],
  [
    'a trap',
    Object.defineProperty({}, 'a', { enumerable: true, get: refuse }),
    { value: '[unreadable: a trap]' },
  ],
  ['nothing', null, undefined],
])('%s as the fields of a log line', async (_, fields, metadata) => {
  const { recorder, records } = recording()
  const log = createLog({ recorder })
  log.info('a', fields as never)
  log.with(fields as never).info('b')
  const lines = await records()
  expect(lines.map((line) => line['metadata'])).toEqual([metadata, metadata])
})

test.each([[unprintable], [7], [undefined]])('%o as an action', async (action) => {
  const { recorder, records } = recording()
  await createAudit({}, recorder).event(action as never, {} as never)
  expect(await records()).toMatchObject([{ kind: 'event', action: 'event.unnamed' }])
})

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

test.each([
  ['a trap', new Proxy({}, { get: refuse, ownKeys: refuse })],
  ['a list of traps', new Proxy([], { get: refuse })],
  ['a revoked proxy', revoked()],
  ['a list of nothing', Object.assign([], { length: 2 ** 32 - 1 })],
])('%s as who did what to what', async (_, value: unknown) => {
  const { recorder, records } = recording()
  const audit = createAudit({}, recorder)
  await audit.event('thing.done', {
    actor: value as never,
    targets: value as never,
    changes: value as never,
    labels: value as never,
    metadata: value as never,
  })
  const trail = recorder.openTrail()
  trail.setActor(value as never)
  trail.addTarget(value as never)
  trail.addChange(value as never)
  void trail.finish()
  expect(await records()).toMatchObject([
    { action: 'thing.done' },
    { kind: 'trail', changes: [{ path: '' }] },
  ])
})

test('of a list that is too long the first items are kept, and the rest is said', async () => {
  const { recorder, records } = recording()
  const changes = Array.from({ length: 10_001 }, (_, n) => ({ path: `/${n}` }))
  await createAudit({}, recorder).event('thing.done', { changes })
  expect(await records()).toMatchObject([
    {
      changes: { length: 10_000 },
      errors: [{ code: 'too_many', message: expect.stringContaining('10001 items') as string }],
    },
  ])
})
