/** The bridge with OpenTelemetry itself. */
import { context, isSpanContextValid, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { createRecorder, memorySink } from '@trailproof/sdk'
import { trailSpanProcessor, useOpenTelemetry } from '@trailproof/sdk/otel'
import { afterEach, beforeEach, expect, test } from 'vitest'

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  useOpenTelemetry({ trace, isSpanContextValid })
})
afterEach(() => {
  useOpenTelemetry(undefined)
  context.disable()
})

test('spans of other instrumentations become calls and steps of the trail they begin in', async () => {
  const sink = memorySink()
  const recorder = createRecorder({ sink })
  const tracer = new TracerProvider({ spanProcessors: [trailSpanProcessor()] }).getTracer('test')
  const trail = recorder.openTrail()
  trail.run(() => {
    const query = tracer.startSpan('SELECT users', {
      kind: SpanKind.CLIENT,
      attributes: { 'db.system.name': 'postgresql', 'db.query.text': 'select 1' },
    })
    tracer.startSpan('render', { kind: SpanKind.INTERNAL }).end()
    query.setStatus({ code: SpanStatusCode.ERROR, message: 'no such table' })
    query.end()
  })
  void trail.finish()
  await recorder.flush()
  expect(sink.records).toMatchObject([
    {
      integrations: [
        {
          type: 'database',
          name: 'SELECT users',
          request: { 'db.query.text': 'select 1' },
          error: { message: 'no such table' },
        },
      ],
      internal_steps: [{ name: 'render' }],
    },
  ])
})

test('a trail that opens inside a span carries its ids', () => {
  const recorder = createRecorder({ sink: memorySink() })
  const span = new TracerProvider().getTracer('test').startSpan('GET /')
  const trail = context.with(trace.setSpan(context.active(), span), () => recorder.openTrail())
  expect([trail.traceId, trail.spanId]).toEqual([span.spanContext().traceId, span.spanContext().spanId])
})
