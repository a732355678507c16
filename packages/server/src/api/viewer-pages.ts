/**
 * Pages of other origins that show records by viewer tokens: those whose origins are set, by the routes that take such tokens,
 * with such a token and without cookies. To all other pages of other origins nothing is said (CORS).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isViewerToken } from '../access/viewer-tokens.ts'
import type { Services } from '../services.ts'
import { credentialsOf, noteDenial, ProblemError } from './authorize.ts'
import { problem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Viewer tokens count for the route, and pages with such tokens may read its answers. */
    viewers?: true
  }
}

/** A browser asks again after so long whether it may ask. */
const PREFLIGHT_SECONDS = 600

export function admitViewerPages(
  app: FastifyInstance,
  services: Pick<Services, 'site' | 'denials' | 'ledgers'>,
): void {
  const { viewerOrigins, publicOrigin, scheme } = services.site
  const isOwn = ({ headers }: FastifyRequest): boolean =>
    headers.origin === (publicOrigin ?? `${scheme}://${headers.host}`)

  app.addHook('onRequest', (request, _, done) => {
    const { origin } = request.headers
    if (origin === undefined || !isViewerToken(credentialsOf(request).token)) return done()
    if (viewerOrigins.has(origin) || isOwn(request)) return done()
    noteDenial(request, services, {
      ledger: undefined,
      caller: undefined,
      permission: undefined,
      reason: 'origin',
    })
    done(new ProblemError(problem('forbidden', 'pages of this origin may not use viewer tokens')))
  })
  if (viewerOrigins.size === 0) return

  app.addHook('onSend', (request, reply, payload, done) => {
    const { origin } = request.headers
    if (request.routeOptions.config.viewers && isViewerToken(credentialsOf(request).token))
      admit(reply, origin !== undefined && viewerOrigins.has(origin) ? origin : undefined)
    done(null, payload)
  })
  const preflights = new Set<string>()
  app.addHook('onRoute', ({ url, method, config }) => {
    if (!config?.viewers || method === 'HEAD' || preflights.has(url)) return
    preflights.add(url)
    app.options(url, { schema: { hide: true } }, (request, reply) => {
      const { origin } = request.headers
      if (origin === undefined || !viewerOrigins.has(origin))
        throw new ProblemError(problem('forbidden', 'pages of this origin may not ask'))
      admit(reply, origin)
      return reply
        .code(204)
        .header('access-control-allow-methods', 'GET, POST')
        .header('access-control-allow-headers', 'authorization, content-type')
        .header('access-control-max-age', PREFLIGHT_SECONDS)
        .send()
    })
  })
}

/** Caches between are told that the answer is another for another page. */
function admit(reply: FastifyReply, origin: string | undefined): void {
  reply.header('vary', 'Origin')
  if (origin === undefined) return
  reply.header('access-control-allow-origin', origin)
  reply.header('access-control-expose-headers', 'retry-after, x-request-id')
}
