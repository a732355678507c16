/**
 * How long it takes to prepare a record, step by step:
 *
 *     node --conditions=trailproof-source packages/core/src/record/prepare.bench.ts
 *
 * The budget is 10 µs on one core for the event of 480 bytes, from its bytes to its canonical text and digest.
 */

import { canonicalJson } from '../canonical/canonical-json.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import { compileRedaction } from '../redaction/policy.ts'
import { redactPersonal } from '../redaction/redact-record.ts'
import { countMembers, scanJson } from './json-scan.ts'
import { mapRecord } from './map-record.ts'
import { parseBody } from './parse-body.ts'
import { contentDigest, type PrepareContext, prepareRecord } from './prepare-record.ts'

declare const performance: { now(): number }
declare const console: { log(line: string): void }
declare const process: {
  getBuiltinModule(name: 'crypto'): { hash(name: string, data: Uint8Array, as: 'buffer'): Uint8Array }
}

const crypto = process.getBuiltinModule('crypto')
const sha256 = (data: Uint8Array): Uint8Array => crypto.hash('sha256', data, 'buffer')

const EVENT = {
  id: '0190a5d4-7b2c-7def-8a3b-1c2d3e4f5a6b',
  timestamp: '2026-03-01T12:34:56.789Z',
  service: 'payments',
  environment: 'production',
  action: 'payment.created',
  outcome: 'success',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  request_id: 'req-8f14e45fceea167a',
  actor: { type: 'user', id: 'u-18231', email: 'ada@example.org' },
  targets: [{ type: 'payment', id: 'pay-5521' }],
  source: { ip: '203.0.113.7', user_agent: 'Mozilla/5.0 (X11)' },
  metadata: { amount: 129.95, currency: 'EUR', items: 3, note: 'gift' },
}
const TRAIL = {
  ...EVENT,
  action: undefined,
  latency_ms: 41.7,
  request: {
    method: 'POST',
    route: '/payments',
    url: 'https://api.example.org/payments?token=abc',
    headers: { 'content-type': 'application/json', authorization: 'Bearer abc123def456' },
    body: '{"amount":129.95,"card_number":"4111111111111111"}',
  },
  response: { status: 201, headers: { 'content-type': 'application/json' }, body: '{"id":"pay-5521"}' },
  internal_steps: [
    { name: 'validate', latency_ms: 0.4 },
    { name: 'price', latency_ms: 2.1 },
    { name: 'book', latency_ms: 12 },
  ],
  integrations: [
    {
      type: 'http',
      name: 'POST bank.example/charge',
      latency_ms: 21.2,
      request: { url: 'https://bank.example/charge' },
    },
    { type: 'sql', name: 'INSERT payments', latency_ms: 3 },
  ],
}

const context: PrepareContext = {
  receivedAt: '2026-03-01T12:34:57.000Z',
  redaction: compileRedaction(),
  sha256,
  dedupeKey: new Uint8Array(32),
  idKey: new Uint8Array(32),
  position: 0,
  newId: () => '0190a5d4-7b2c-7def-8a3b-1c2d3e4f5a6b',
}

for (const [name, value] of [
  ['event', EVENT],
  ['trail', TRAIL],
] as const) {
  const text = JSON.stringify(value)
  const bytes = encodeUtf8(`${text}\n`.repeat(100))
  const sent = JSON.parse(text) as Record<string, unknown>
  const mapped = mapRecord(sent)
  if (mapped.kind === 'problem') throw new Error(JSON.stringify(mapped.problems))
  const { personal } = mapped.record
  const personalText = canonicalJson(personal)
  console.log(`${name}, ${text.length} bytes`)
  measure('whole: bytes to prepared', 100, () => {
    const body = parseBody(bytes, 'ndjson')
    if (body.kind === 'refused') throw new Error(body.problem.message)
    for (const item of body.items)
      if (prepareRecord(item, context).kind === 'problem') throw new Error('refused')
  })
  measure('  parseBody of 100 lines', 100, () => parseBody(bytes, 'ndjson'))
  measure('    scan', 1, () => scanJson(text, 0, text.length, 64))
  measure('    JSON.parse', 1, () => JSON.parse(text))
  measure('    count members', 1, () => countMembers(sent))
  measure('  prepareRecord', 1, () =>
    prepareRecord({ kind: 'record', value: sent, coerced: [], source: text }, context),
  )
  measure('    mapRecord', 1, () => mapRecord(sent))
  measure('    canonicalJson of personal', 1, () => canonicalJson(personal))
  measure('    contentDigest', 1, () =>
    contentDigest(sha256, context.dedupeKey, '{"action":"payment.created"}', personalText),
  )
  measure('    redactPersonal', 1, () => redactPersonal(personal, context.redaction))
}

function measure(name: string, records: number, run: () => unknown): void {
  for (let i = 0; i < 20_000 / records; i++) run()
  const rounds = Math.ceil(200_000 / records)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    for (let i = 0; i < rounds; i++) run()
    best = Math.min(best, performance.now() - start)
  }
  console.log(`${name.padEnd(34)} ${((best * 1000) / (rounds * records)).toFixed(2).padStart(7)} µs a record`)
}
