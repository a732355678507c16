/** The HTTP server: one Fastify instance with every route, its errors as problem documents. */
import fastify, { type FastifyError, type FastifyInstance, LogController } from 'fastify'
import { uuidv7 } from 'uuidv7'
import type { AcceptDeps } from '../accept.ts'
import { eventReceiver } from '../receivers/http-events.ts'
import type { Services } from '../services.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { accessMeRoute } from './access-me.ts'
import { adminRoutes } from './admin.ts'
import { approvalRoutes } from './approvals.ts'
import { ProblemError } from './authorize.ts'
import { answerClientError } from './client-error.ts'
import { countRoutes } from './counts.ts'
import { entryRoutes } from './entries.ts'
import { erasureRoutes } from './erasures.ts'
import { explorerRoutes } from './explorer.ts'
import { exportRoutes } from './export.ts'
import { faultProblem, INTERNAL } from './fault-problem.ts'
import { refuseInfiniteNumbers } from './finite-numbers.ts'
import { healthRoutes } from './health.ts'
import { historyRoutes } from './history.ts'
import { holdRoutes } from './holds.ts'
import { keyRoutes } from './keys.ts'
import { knowCallers, readCredentials } from './know-callers.ts'
import { ledgerLogRoutes } from './ledger-log.ts'
import { limitRequests } from './limit-requests.ts'
import { measureRequests } from './measure-requests.ts'
import { metricsRoute } from './metrics.ts'
import { openIdRoutes } from './open-id.ts'
import { describeApi } from './openapi.ts'
import { type Problem, problem, sendProblem } from './problem.ts'
import { prometheusRoutes } from './prometheus.ts'
import { quarantineRoutes } from './quarantine.ts'
import { readRoutes } from './read.ts'
import { recordReads } from './record-reads.ts'
import { buildValidator } from './request-validator.ts'
import { retentionRoutes } from './retention.ts'
import { roleRoutes } from './roles.ts'
import { savedSearchRoutes } from './saved-searches.ts'
import { searchRoutes } from './search.ts'
import { securityHeadersOf } from './security-headers.ts'
import { sessionRoutes } from './sessions.ts'
import type { SharedPort } from './shared-port.ts'
import { tailRoutes } from './tail.ts'
import { userRoutes } from './users.ts'
import { validationProblem } from './validation-problem.ts'
import { admitViewerPages } from './viewer-pages.ts'
import { viewerTokenRoutes } from './viewer-tokens.ts'

/** Small bodies only: administration. The receiver has its own bound. */
const ADMIN_BODY_BYTES_MAX = 1_048_576
/** What mod_reqtimeout of Apache gives headers, too; 16 KiB are there in 20 s on a line of 7 kbit/s. */
const HEADERS_TIMEOUT_MS = 20_000
/** The largest body of the default settings, 16 MiB, on a line of 1.2 Mbit/s. */
const REQUEST_TIMEOUT_MS = 120_000
/** Longer than the 60 s after which most proxies close, so that they never write to what we have just closed. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000

export async function buildHttpServer(
  services: Services,
  acceptDeps: AcceptDeps,
  port: SharedPort,
): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: services.log,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger a request costs more than most requests; lines about one name it themselves.
    childLoggerFactory: (logger) => logger,
    bodyLimit: ADMIN_BODY_BYTES_MAX,
    // Not the caller's X-Request-ID: that one is data of theirs, this one names a line of our log.
    genReqId: () => uuidv7(),
    requestIdHeader: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 512 },
    clientErrorHandler: answerClientError,
    // Addresses that come to no route.
    frameworkErrors: (error, _, reply) => void sendProblem(reply, problemOf(error)),
    // What is not known is refused: a filter or an end that was misspelled must not be as if it had not been there.
    ajv: { customOptions: { removeAdditional: false } },
    schemaController: { compilersFactory: { buildValidator } },
    // Only for the https: in the address that is shown; the port makes the server.
    ...(port.isTls ? { https: {} } : {}),
    serverFactory: (handler) => {
      const server = port.createServer(handler)
      server.requestTimeout = REQUEST_TIMEOUT_MS
      server.headersTimeout = HEADERS_TIMEOUT_MS
      server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS
      return server
    },
  }) as unknown as FastifyInstance

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const what = error.validation
      ? validationProblem(error, request.routeOptions.schema, request)
      : problemOf(error)
    if (what.problem === 'internal')
      request.log.error({ err: error, requestId: request.id }, 'request failed')
    return sendProblem(reply, what)
  })
  app.setNotFoundHandler((request, reply) => {
    const what = `there is nothing at ${request.method} ${request.url.slice(0, 200)}`
    const { roles } = services.settings
    return sendProblem(
      reply,
      problem('not-found', roles === 'all' ? what : `${what} on this server, whose roles are ${roles}`),
    )
  })
  measureRequests(app, services.metrics)
  readCredentials(app, services)
  limitRequests(app, services)
  knowCallers(app, services)
  admitViewerPages(app, services)
  if (services.log.isLevelEnabled('debug'))
    app.addHook(
      'onResponse',
      ({ id: requestId, method, url, log }, { statusCode: status, elapsedTime: ms }, done) => {
        log.debug({ requestId, method, url, status, ms }, 'request')
        done()
      },
    )
  const securityHeaders = securityHeadersOf(port.isTls)
  app.addHook('onSend', (request, reply, payload, done) => {
    for (const [name, value] of securityHeaders) if (!reply.hasHeader(name)) reply.header(name, value)
    reply.header('x-request-id', request.id)
    // While stopping, clients move to another connection, and so to another server.
    if (services.admission.state === 'stopping') reply.header('connection', 'close')
    done(null, payload)
  })

  await describeApi(app, services.version)
  const { roles } = services
  if (roles.has('receiver')) await app.register(async (scope) => eventReceiver(scope, services, acceptDeps))
  await app.register(async (scope) => {
    healthRoutes(scope, services)
    metricsRoute(scope, services)
  })
  if (!roles.has('api')) return app
  await app.register(explorerRoutes)
  await app.register(async (scope) => {
    refuseInfiniteNumbers(scope)
    recordReads(scope, services.accessLog)
    readRoutes(scope, services)
    searchRoutes(scope, services)
    countRoutes(scope, services)
    historyRoutes(scope, services)
    savedSearchRoutes(scope, services)
    tailRoutes(scope, services)
    scope.addHook('preClose', async () => services.tails.endAll())
    exportRoutes(scope, services)
    ledgerLogRoutes(scope, services)
    entryRoutes(scope, services)
    accessMeRoute(scope, services)
    sessionRoutes(scope, services)
    userRoutes(scope, services)
    openIdRoutes(scope, services)
    keyRoutes(scope, services)
    viewerTokenRoutes(scope, services)
    roleRoutes(scope, services)
    adminRoutes(scope, services)
    erasureRoutes(scope, services)
    approvalRoutes(scope, services)
    holdRoutes(scope, services)
    retentionRoutes(scope, services)
    quarantineRoutes(scope, services, acceptDeps)
    await prometheusRoutes(scope, services)
  })
  return app
}

function problemOf(error: FastifyError | ProblemError | TrailproofError): Problem {
  if (error instanceof ProblemError) return error.problem
  if (error instanceof TrailproofError) return faultProblem(error)
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('body-too-large', 'the body is larger than body_bytes_max')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem('unsupported-media', 'send application/json')
    default:
      // Foreseen by Fastify as the client's fault (broken JSON, a wrong length): its message holds nothing of ours.
      if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
        return problem('bad-request', error.message)
      return INTERNAL
  }
}
