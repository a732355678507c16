import { hash } from 'node:crypto'
import { canonicalJson, compileRedaction } from '@trailproof/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memorySink } from '../sinks/memory-sink.ts'
import { createRecorder } from './default-recorder.ts'
import { seal } from './seal.ts'
import { Stream } from './stream.ts'

interface Chained {
  readonly stream: {
    readonly id: string
    readonly seq: number
    readonly hash: string
    readonly prev_hash?: string
  }
}

/** As spec/stream.md says, without anything of ours but canonical JSON. */
function checkChain(lines: readonly string[]): void {
  let before: string | undefined
  for (const [i, line] of lines.entries()) {
    const record = JSON.parse(line) as Chained
    expect(canonicalJson(record) === line, 'the line is canonical').toBe(true)
    const { hash: own, ...stream } = record.stream
    expect(hash('sha256', canonicalJson({ ...record, stream }))).toBe(own)
    expect(stream.prev_hash).toBe(before)
    expect(stream.seq).toBe(i + 1)
    before = own
  }
}

test('lines are canonical, numbered and chained, whatever is in them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.anything()), {
        minLength: 1,
        maxLength: 5,
      }),
      async (values) => {
        const sink = memorySink()
        const recorder = createRecorder({ sink, collect: false })
        for (const [json, text, anything] of values) {
          const trail = recorder.openTrail()
          trail.setMetadata({ json, anything, [text]: text })
          trail.setMetadata('first', 1)
          trail.setRequest({ z: json, body: anything, '10': 1, '9': 2 })
          trail.traceStep(text, () =>
            trail.addIntegration({ type: text, name: text, request: anything, error: json }),
          )
          trail.addError(anything)
          trail.setActor({ id: text })
          trail.addTarget({ type: text, id: 'x' })
          trail.addChange({ path: text, old: json, new: anything })
          trail.setLabel(text, text)
          void trail.finish()
        }
        await recorder.close()
        expect(sink.lines).toHaveLength(values.length)
        checkChain(sink.lines)
      },
    ),
    { numRuns: 20 },
  )
})

test('a record that names its own place in the stream does not break the line', () => {
  const stream = new Stream()
  const draft = { id: 'a', kind: 'event', metadata: { text: '"stream":{"hash":"x"}' } } as const
  checkChain([seal(draft, { redaction: compileRedaction(), stream }).line])
})

test('a record too large for a ledger is made to fit, and says what was left out', async () => {
  const sink = memorySink()
  const recorder = createRecorder({ sink, collect: false })
  const trail = recorder.openTrail()
  for (let i = 0; i < 1_000; i++)
    trail.addIntegration({
      type: 'database',
      name: `q${i}`,
      request: { sql: '\u0001'.repeat(600) },
      response: { i },
    })
  trail.setMetadata(
    'many',
    Array.from({ length: 90_000 }, (_, i) => i),
  )
  void trail.finish()
  await recorder.close()
  const [line] = sink.lines
  expect(Buffer.byteLength(line!)).toBeLessThan(1_048_576)
  const { truncated, metadata } = sink.records[0] as { truncated: { path: string }[]; metadata: unknown }
  expect(Buffer.byteLength(JSON.stringify(metadata))).toBeLessThan(262_144)
  expect(truncated.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['/metadata', '/integrations/0/request']) as string[],
  )
  checkChain(sink.lines)
})

test('what waits is sent at once when it is asked for, though nothing else goes on', async () => {
  const recorder = createRecorder({ sink: memorySink(), collect: false, queue: { maxAgeMs: 3_600_000 } })
  for (let i = 0; i < 20; i++) {
    void recorder.openTrail().finish()
    // At its deadline it would answer false.
    expect(await recorder.flush(60_000)).toBe(true)
  }
})
