/** The OTLP sink against a receiver that reads as strictly as the OTLP JSON encoding is written. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { DIAGNOSTICS_CHANNEL, type Diagnostic, SinkError } from '@trailproof/sdk'
import { otlpSink } from '@trailproof/sdk/otlp-sink'
import { Ajv } from 'ajv'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDelivery } from '../../../packages/sdk/src/delivery/delivery.ts'
import type { SealedRecord } from '../../../packages/sdk/src/delivery/sealed-record.ts'
import { recordedByTheSdk } from './recorded-lines.ts'
import { type Reply, scriptedServer, status } from './scripted-server.ts'

const { signal } = new AbortController()

type Schema = Readonly<Record<string, unknown>>

/** An object with exactly these members; those in `optional` may be missing. */
function exactly(properties: Schema, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', additionalProperties: false, properties, required }
}

function listOf(items: Schema): Schema {
  return { type: 'array', items }
}

/** Ids in hex, 64-bit numbers as text, enums as numbers, nothing unknown (OTLP 1.x, "JSON Protobuf Encoding"). */
const TEXT = { type: 'string' }
const INT_64 = { type: 'string', pattern: '^-?\\d+$' }
const TRACE_ID = { type: 'string', pattern: '^[0-9a-f]{32}$' }
const SPAN_ID = { type: 'string', pattern: '^[0-9a-f]{16}$' }
const ATTRIBUTES = listOf(
  exactly({
    key: { type: 'string', minLength: 1 },
    value: {
      oneOf: [
        exactly({ stringValue: TEXT }),
        exactly({ intValue: INT_64 }),
        exactly({ doubleValue: { type: 'number' } }),
        exactly({ boolValue: { type: 'boolean' } }),
      ],
    },
  }),
)
const SPAN = exactly(
  {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    parentSpanId: SPAN_ID,
    name: { type: 'string', minLength: 1 },
    kind: { type: 'integer', minimum: 0, maximum: 5 },
    startTimeUnixNano: INT_64,
    endTimeUnixNano: INT_64,
    attributes: ATTRIBUTES,
    status: exactly({ code: { type: 'integer', minimum: 0, maximum: 2 }, message: TEXT }, ['message']),
  },
  ['parentSpanId'],
)
const EXPORT = exactly({
  resourceSpans: listOf(
    exactly({
      resource: exactly({ attributes: ATTRIBUTES }),
      scopeSpans: listOf(exactly({ scope: exactly({ name: TEXT }), spans: listOf(SPAN) })),
    }),
  ),
})

async function receiver(...replies: Reply[]) {
  const server = await scriptedServer([
    ...replies,
    ...Array.from({ length: 20 }, () => status(200, {}, '{}')),
  ])
  const sink = otlpSink({ url: `${server.url}/otlp/`, headers: { 'x-tenant': 'a' } })
  onTestFinished(() => sink.close())
  return { server, sink }
}

async function trails(): Promise<SealedRecord[]> {
  return (await recordedByTheSdk()).filter(({ kind }) => kind === 'trail')
}

test('trails are spans as the OTLP JSON encoding has them', async () => {
  const { server, sink } = await receiver()
  const records = await recordedByTheSdk()
  expect(await sink.write(records, signal)).toEqual(records.map(() => ({ kind: 'written' })))
  const [asked, ...more] = server.asked
  expect(more).toEqual([])
  expect(asked).toMatchObject({
    method: 'POST',
    url: '/otlp/v1/traces',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-tenant': 'a' },
  })
  const body: unknown = JSON.parse(asked!.body)
  const isExport = new Ajv({ allErrors: true }).compile(EXPORT)
  expect(isExport(body), JSON.stringify(isExport.errors)).toBe(true)
  const { resourceSpans } = body as { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] }
  expect(resourceSpans).toHaveLength(1)
  expect(resourceSpans[0]!.scopeSpans[0]!.spans.map(({ name }) => name)).toContain('GET bank')
  expect(asked!.body).not.toMatch(/hunter2|4111111111111111/)
})

test('nothing is sent where there are no trails', async () => {
  const { server, sink } = await receiver()
  const events = (await recordedByTheSdk()).filter(({ kind }) => kind !== 'trail')
  expect(events.length).toBeGreaterThan(1)
  expect(await sink.write(events, signal)).toEqual(events.map(() => ({ kind: 'written' })))
  expect(server.asked).toEqual([])
})

describe('an answer of', () => {
  test.each([
    [429, { 'retry-after': '3' }, { retryable: true, retryAfterMs: 3_000 }],
    [503, {}, { retryable: true, retryAfterMs: undefined }],
    [502, {}, { retryable: true }],
    [504, {}, { retryable: true }],
    [500, {}, { retryable: false }],
    [400, {}, { retryable: false }],
    [401, {}, { retryable: true, retryAfterMs: 30_000 }],
    [404, {}, { retryable: true, retryAfterMs: 30_000 }],
  ])('%i', async (code, headers, expected) => {
    const { sink } = await receiver(status(code, headers))
    await expect(sink.write(await trails(), signal)).rejects.toMatchObject({
      ...expected,
      name: 'SinkError',
    })
  })

  test('413 halves, until one alone is refused', async () => {
    const { server, sink } = await receiver(status(413), status(413))
    const delivery = createDelivery({ sink, maxAgeMs: 1 })
    for (const trail of await trails()) delivery.deliver(trail)
    expect(await delivery.flush(10_000)).toBe(true)
    expect(delivery.counters).toMatchObject({ written: 1, dropped: { refused: 1 } })
    expect(server.asked).toHaveLength(3)
    await delivery.close()
  })

  test.each([
    ['{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}', '2 spans were rejected: too old'],
    ['{"partialSuccess":{"errorMessage":"be careful"}}', '0 spans were rejected: be careful'],
    ['{"partialSuccess":{}}', undefined],
    ['', undefined],
    ['garbage', undefined],
    ['null', undefined],
  ])('200 with %s is taken, and what was left out is told', async (body, problem) => {
    const told: Diagnostic[] = []
    const listen = (message: unknown): void => void told.push(message as Diagnostic)
    subscribe(DIAGNOSTICS_CHANNEL, listen)
    onTestFinished(() => void unsubscribe(DIAGNOSTICS_CHANNEL, listen))
    const { sink } = await receiver(status(200, {}, body))
    const [trail] = await trails()
    expect(await sink.write([trail!], signal)).toEqual([{ kind: 'written' }])
    expect(told.map((one) => (one.kind === 'fault' ? (one.error as Error).message : one.kind))).toEqual(
      problem === undefined ? [] : [problem],
    )
  })

  test('nobody is an outage', async () => {
    const sink = otlpSink({ url: 'http://127.0.0.1:1' })
    await expect(sink.write(await trails(), signal)).rejects.toThrow(SinkError)
    await sink.close()
  })
})

test.each(['ftp://a', 'nothing'])('%s is no url', (url) => {
  expect(() => otlpSink({ url })).toThrow(TypeError)
})
