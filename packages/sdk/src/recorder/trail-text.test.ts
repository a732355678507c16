import { canonicalJson, redactPersonal } from '@trailproof/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDelivery } from '../delivery/delivery.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { canonicalText } from './canonical-text.ts'
import { trailDraft } from './draft.ts'
import { fitted } from './fit-record.ts'
import { resolveOptions } from './options.ts'
import { Recorder } from './recorder.ts'
import type { RedactionOptions } from './redaction-options.ts'
import { Stream } from './stream.ts'
import type { Trail } from './trail.ts'
import { TrailText } from './trail-text.ts'

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    'Bearer abcdefghijklmnopqrstuvwxyz0123456789',
    'application/json; charset=utf-8',
    'token=abc&x=1',
    '4111 1111 1111 1111',
    '{"password":"x","a":1}',
    'https://u:p@h/',
    '/users/42',
  ),
)
const headers = fc.dictionary(
  fc.constantFrom('accept', 'authorization', 'cookie', 'x-auth-token', 'x-a', 'via', 'set-cookie', 'x~y'),
  fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.constant(undefined)),
)
const body = fc.option(fc.oneof(text, fc.jsonValue({ maxDepth: 3 })), { nil: undefined })
const observed = fc.record({
  request: fc.record({
    body,
    bodyBytes: fc.option(fc.nat(), { nil: undefined }),
    headers,
    httpVersion: fc.constantFrom('1.1', '2.0'),
    method: fc.constantFrom('GET', 'POST', 'MKCOL'),
    path: text,
    query: fc.option(fc.dictionary(fc.constantFrom('a', 'token', 'q'), text), { nil: undefined }),
    route: fc.option(text, { nil: undefined }),
  }),
  response: fc.record({
    body,
    bodyBytes: fc.option(fc.nat(), { nil: undefined }),
    complete: fc.constantFrom(false as const, undefined),
    headers,
    status: fc.option(fc.constantFrom(200, 204, 301, 401, 404, 500), { nil: undefined }),
  }),
})
const change = fc.constantFrom<(trail: Trail, value: unknown, name: string) => void>(
  (trail, value, name) => trail.setMetadata(name === '' ? 'm' : name, value),
  (trail, value, name) =>
    trail.traceStep(name, () => trail.addIntegration({ type: 'http', name, request: value })),
  (trail, value) => trail.addError(value),
  (trail, _value, name) => trail.setActor({ type: 'user', id: name, email: name }),
  (trail, value, name) => trail.addChange({ path: `/${name}`, old: value, new: name }),
  (trail, _value, name) => trail.addTarget({ type: 'thing', id: name }),
  (trail, _value, name) => trail.setLabel('token', name),
  (trail, _value, name) => trail.setLabel('l', name),
  (trail, _value, name) => trail.setOutcome('denied', name),
  (trail, _value, name) => trail.setMessage(name),
  (trail, _value, name) => trail.setAction(name),
  (trail, _value, name) => trail.setSession(name),
)

const REDACTIONS: Readonly<Record<string, RedactionOptions | false>> = {
  'the default': {},
  'no masking': false,
  'names, forms and a mask of its own': {
    names: ['via'],
    except: ['cookie'],
    mask: '"gone"',
    rules: [{ detect: ['email'], as: 'partial' }],
  },
  'rules that lead into headers': { rules: [{ paths: ['request.headers.accept'], as: 'drop' }] },
}

test.each(Object.entries(REDACTIONS))('with %s the text is that of the draft', (_name, redaction) => {
  const options = resolveOptions({
    service: 's"1',
    environment: 'e',
    serviceVersion: '1.0',
    host: 'h',
    redaction,
  })
  const stream = new Stream()
  const delivery = createDelivery({ sink: memorySink() })
  const recorder = new Recorder(options, stream, delivery)
  const writer = new TrailText(options, stream.place)
  let written = 0
  fc.assert(
    fc.property(
      observed,
      fc.array(fc.tuple(change, fc.jsonValue({ maxDepth: 2 }), text), { maxLength: 4 }),
      fc.option(text, { nil: undefined }),
      (exchange, changes, userAgent) => {
        const trail = recorder.openTrail({ causationId: 'c-1' })
        trail.parts.source = { ip: '::1', ...(userAgent !== undefined && { user_agent: userAgent }) }
        for (const [apply, value, name] of changes) apply(trail, value, name)
        trail.parts.observed = {
          request: {
            ...exchange.request,
            body: trail.take(exchange.request.body, '/request/body'),
            query: trail.take(exchange.request.query, '/request/query'),
          },
          response: { ...exchange.response, body: trail.take(exchange.response.body, '/response/body') },
        }
        void trail.finish()
        const direct = writer.of(trail)
        if (direct === undefined) return
        written++
        const draft = { ...trailDraft(trail, options.producer, options.headers), stream: stream.place }
        const masked = options.redaction === undefined ? draft : redactPersonal(draft, options.redaction)
        expect(normal(direct)).toBe(normal(fitted(masked, (record) => canonicalText(record, false))))
        expect(canonicalJson(JSON.parse(direct)) === direct).toBe(true)
      },
    ),
    { numRuns: 2_000 },
  )
  if (redaction === false || redaction.rules?.[0]?.paths === undefined) expect(written).toBeGreaterThan(200)
  else expect(written).toBe(0)
})

/** The masked places are named in another order. */
function normal(record: string): string {
  const { redacted = [], ...rest } = JSON.parse(record) as { redacted?: string[] }
  return canonicalJson({ ...rest, redacted: redacted.toSorted() })
}
