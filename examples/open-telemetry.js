// Where OpenTelemetry is in place, its spans become calls and steps of the trail, and both speak of the same trace.
import { createServer } from 'node:http'
import { context, isSpanContextValid, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { recordServer } from '@trailproof/sdk/http'
import { trailSpanProcessor, useOpenTelemetry } from '@trailproof/sdk/otel'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const provider = new TracerProvider({ spanProcessors: [trailSpanProcessor()] })
trace.setGlobalTracerProvider(provider)
useOpenTelemetry({ trace, isSpanContextValid })

const tracer = trace.getTracer('example')
const server = createServer((_request, response) => {
  // An instrumentation of OpenTelemetry would do this.
  const span = tracer.startSpan('SELECT users', {
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'postgresql', 'db.query.text': 'select * from users' },
  })
  span.end()
  response.end('ok')
})
recordServer(server, { service: 'users' }).listen(Number(process.env.PORT ?? 3000))
process.once('SIGTERM', () => server.close())
