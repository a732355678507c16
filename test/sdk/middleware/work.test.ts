/** What is no request: jobs, messages, carriers. */
import {
  carrier,
  createRecorder,
  currentTrail,
  memorySink,
  type RecorderOptions,
  runTrail,
} from '@trailproof/sdk'
import { trailJob } from '@trailproof/sdk/job'
import { trailMessages } from '@trailproof/sdk/kafka-consumer'
import { describe, expect, test } from 'vitest'

function recording(options: RecorderOptions = {}) {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'worker', sink, ...options })
  const records = async () => {
    await recorder.flush()
    return sink.records
  }
  return { recorder, records }
}

describe('a job', () => {
  test('is one trail a run, and gives back what it does', async () => {
    const { recorder, records } = recording()
    const job = trailJob('invoices.sent', (count: number) => count * 2, { recorder })
    expect(await job(4)).toBe(8)
    expect(await records()).toMatchObject([{ kind: 'trail', action: 'invoices.sent', outcome: 'success' }])
  })

  test('that throws is one trail with the error, which goes on', async () => {
    const { recorder, records } = recording()
    const job = trailJob('invoices.sent', () => Promise.reject(new Error('boom')), { recorder })
    await expect(job()).rejects.toThrow('boom')
    expect(await records()).toMatchObject([{ outcome: 'failure', errors: [{ message: 'boom' }] }])
  })

  test('goes on with the trail whose carrier it is given', async () => {
    const { recorder, records } = recording({ contextKey: 'k'.repeat(32) })
    const request = recorder.openTrail()
    request.setActor({ type: 'user', id: 'u-1' })
    const carried = JSON.parse(JSON.stringify(request.run(() => carrier()))) as Record<string, string>
    await request.finish()
    await runTrail({ action: 'mail.sent', carrier: carried }, () => undefined, recorder)
    const [, work] = await records()
    expect(work).toMatchObject({
      trace_id: request.traceId,
      request_id: request.requestId,
      parent_span_id: request.spanId,
      causation_id: request.id,
      actor: { type: 'user', id: 'u-1' },
    })
  })

  test('believes nobody about the actor without the key, or with another', async () => {
    const { recorder } = recording({ contextKey: 'k'.repeat(32) })
    const request = recorder.openTrail()
    request.setActor({ id: 'root' })
    const carried = carrier(request)
    for (const contextKey of [undefined, 'x'.repeat(32)]) {
      const other = recording(contextKey === undefined ? {} : { contextKey })
      await runTrail({ action: 'mail.sent', carrier: carried }, () => undefined, other.recorder)
      expect((await other.records())[0]!['actor']).toBeUndefined()
    }
    const forged = { ...carried, traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
    const same = recording({ contextKey: 'k'.repeat(32) })
    await runTrail({ action: 'mail.sent', carrier: forged }, () => undefined, same.recorder)
    expect((await same.records())[0]!['actor']).toBeUndefined()
  })

  test('that must be recorded fails when it cannot be', async () => {
    const sink = {
      name: 'down',
      write: () => Promise.reject(new Error('down')),
      close: () => Promise.resolve(),
    }
    const recorder = createRecorder({ sink, delivery: 'ack', queue: { ackTimeoutMs: 20 } })
    await expect(runTrail({ action: 'a.b' }, () => 1, recorder)).rejects.toThrow('could not be recorded')
    await recorder.close(0)
  })
})

describe('a consumed message', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  test.each([
    [
      'kafkajs',
      {
        topic: 'orders',
        partition: 2,
        message: {
          key: Buffer.from('k'),
          value: Buffer.from('{"id":1,"token":"t"}'),
          headers: { traceparent: Buffer.from(traceparent) },
          offset: '7',
        },
      },
    ],
    [
      '@platformatic/kafka',
      {
        topic: 'orders',
        partition: 2,
        key: 'k',
        value: '{"id":1,"token":"t"}',
        headers: new Map([['traceparent', traceparent]]),
        offset: 7n,
      },
    ],
  ])('of %s is a trail that goes on with its producer', async (_client, payload) => {
    const { recorder, records } = recording()
    let seen: string | undefined
    await trailMessages(() => (seen = currentTrail()?.traceId), { recorder })(payload)
    expect(seen).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
    expect(await records()).toMatchObject([
      {
        action: 'orders.consumed',
        trace_id: seen,
        parent_span_id: '00f067aa0ba902b7',
        request: { topic: 'orders', partition: 2, offset: '7', key: 'k', body: { id: 1, token: '***' } },
      },
    ])
  })

  test.each([null, undefined, '', 'text', '{broken', Buffer.from([0xff, 0xfe])])(
    'of value %j is recorded',
    async (value) => {
      const { recorder, records } = recording()
      await trailMessages(() => undefined, { recorder })({ topic: 't', partition: 0, message: { value } })
      expect(await records()).toHaveLength(1)
    },
  )
})
