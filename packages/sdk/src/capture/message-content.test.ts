import { describe, expect, test } from 'vitest'
import { trailMessages } from '../middleware/kafka-consumer.ts'
import { createRecorder } from '../recorder/default-recorder.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { bodyOf, textOf } from './message-content.ts'

const circular: Record<string, unknown> = {}
circular['self'] = circular

describe('the value of a message', () => {
  test.each([
    ['{"id":7}', { id: 7 }],
    [Buffer.from(' [1]'), [1]],
    ['{"id":', '{"id":'],
    ['7', '7'],
    [Buffer.from([0xff, 0xfe]), '[2 bytes]'],
    [null, undefined],
    [undefined, undefined],
  ])('%j is kept as %j', (value, kept) => {
    expect(bodyOf(value)).toEqual(kept)
  })

  test.each([{ id: 7 }, [1], 7, 0, true, false, 7n, new Map([['id', 7]]), circular])(
    'that was deserialized already stays as it is (%#)',
    (value) => {
      expect(bodyOf(value)).toBe(value)
    },
  )
})

test.each([
  ['k-1', 'k-1'],
  [Buffer.from('k-1'), 'k-1'],
  [new Uint8Array([0xff]), '[1 bytes]'],
  [0, '0'],
  [false, 'false'],
  [7n, '7'],
  [{ id: 7 }, '{"id":7}'],
  [circular, '[unreadable]'],
  [null, undefined],
  [undefined, undefined],
])('as a text, case %# is what it says', (value, text) => {
  expect(textOf(value)).toBe(text)
})

test('a consumed message that was deserialized already is recorded, masked and bounded', async () => {
  const sink = memorySink()
  const recorder = createRecorder({ sink })
  const message = {
    topic: 'orders',
    partition: 0,
    key: 7,
    value: { id: 7, password: 'hunter2', text: 'x'.repeat(70_000) },
    headers: { attempt: 2 },
  }
  await trailMessages(() => undefined, { recorder })(message as never) // typed as bytes: that is what clients give by default
  await recorder.close()
  const { request } = sink.records[0] as unknown as {
    readonly request: { readonly body: { readonly text: string } }
  }
  expect(request).toMatchObject({ key: '7', body: { id: 7, password: '***' }, headers: { attempt: '2' } })
  expect(request.body.text.length).toBeLessThanOrEqual(65_536)
})
