/**
 * The service under the load: one route that takes an order, does three things and calls two others, on Fastify or Express, recorded in
 * one of several ways or not at all. `node service-app.js <framework> <recording> <port>`; records go to this process's stdout.
 */
import { addIntegration, serverSink, traceStep } from '@trailproof/sdk'

const [, , framework, recording, portText] = process.argv
const port = Number(portText)

interface Order {
  readonly items: readonly { readonly sku: string; readonly quantity: number }[]
}

/** Three steps and two calls; nothing of it waits, so that only the recording differs. */
function take(order: Order): { id: string; total: number } {
  traceStep('validate', () => order.items.length > 0)
  const total = traceStep('price', () => order.items.reduce((sum, { quantity }) => sum + quantity * 10, 0))
  addIntegration({
    type: 'database',
    name: 'pg INSERT orders',
    request: { query: 'insert into orders (customer, total) values ($1, $2)', args: ['c-1', total] },
    response: { rows_affected: 1 },
    latencyMs: 1.5,
  })
  addIntegration({
    type: 'cache',
    name: 'redis SET',
    request: { command: 'SET', key: 'order:o-1' },
    response: { status: 'ok' },
    latencyMs: 0.4,
  })
  traceStep('confirm', () => total)
  return { id: 'o-1', total }
}

const trailproof = {
  service: 'orders',
  ...(recording === 'trailproof-server' && {
    sink: serverSink({ url: process.env['BENCH_SERVER']!, key: process.env['BENCH_TOKEN']! }),
  }),
}
const isTrailproof = recording?.startsWith('trailproof') === true

if (framework === 'fastify') await startFastify()
else await startExpress()

async function startFastify(): Promise<void> {
  const otel = recording === 'opentelemetry' ? await openTelemetry() : undefined
  const { default: fastify } = await import('fastify')
  const app = fastify(recording === 'pino' ? { logger: true } : {})
  if (otel !== undefined) await app.register(otel.fastify.plugin())
  if (isTrailproof) await app.register((await import('@trailproof/sdk/fastify')).trails, trailproof)
  if (recording === 'evlog') {
    ;(await import('evlog')).initLogger({ env: { service: 'orders' } })
    await app.register((await import('evlog/fastify')).evlog)
  }
  app.post<{ Body: Order }>('/orders/:customer', (request, reply) => reply.code(201).send(take(request.body)))
  await app.listen({ port })
}

async function startExpress(): Promise<void> {
  if (recording === 'opentelemetry') await openTelemetry()
  const { default: express } = await import('express')
  const app = express()
  if (isTrailproof) app.use((await import('@trailproof/sdk/express')).trails(trailproof))
  if (recording === 'pino') {
    const { default: pino } = await import('pino')
    const logger = pino()
    app.use((request, response, next) => {
      const started = performance.now()
      response.on('finish', () =>
        logger.info(
          {
            req: { method: request.method, url: request.originalUrl },
            res: { status: response.statusCode },
            ms: performance.now() - started,
          },
          'request completed',
        ),
      )
      next()
    })
  }
  if (recording === 'evlog') {
    ;(await import('evlog')).initLogger({ env: { service: 'orders' } })
    app.use((await import('evlog/express')).evlog())
  }
  app.use(express.json())
  app.post(
    '/orders/:customer',
    (request, response) => void response.status(201).json(take(request.body as Order)),
  )
  app.listen(port)
}

/** The http and fastify instrumentations, spans in batches to an exporter that takes them and does nothing. */
async function openTelemetry() {
  const { trace, context } = await import('@opentelemetry/api')
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks')
  const { BatchSpanProcessor, TracerProvider } = await import('@opentelemetry/sdk-trace')
  const { registerInstrumentations } = await import('@opentelemetry/instrumentation')
  const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http')
  const { FastifyOtelInstrumentation } = await import('@fastify/otel')
  const exporter = {
    export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: () => Promise.resolve(),
  }
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(provider)
  const fastify = new FastifyOtelInstrumentation()
  registerInstrumentations({
    tracerProvider: provider,
    instrumentations: [new HttpInstrumentation(), fastify],
  })
  return { fastify }
}
