/** Before any route: reads what a browser sends by itself, and waits for tokens that are seen for the first time. */
import type { FastifyInstance } from 'fastify'
import type { CertificateNames } from '../access/credentials.ts'
import { isSessionToken } from '../identity/secret-token.ts'
import type { Services } from '../services.ts'
import { credentialsOf } from './authorize.ts'
import { assertCsrf, assertSameOrigin } from './same-origin.ts'
import { cookieNames, cookieOf } from './session-cookies.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route checks by itself where a request comes from, or answers to all alike. */
    checksOrigin?: true
  }
  interface FastifyRequest {
    /** Of the connection, where one was shown that we trust. */
    clientCertificate: CertificateNames | undefined
  }
}

export function readCredentials(
  app: FastifyInstance,
  { site, clientCertificates }: Pick<Services, 'site' | 'clientCertificates'>,
): void {
  const { access } = cookieNames(site.isSecure)
  app.decorateRequest('cookieToken', undefined)
  app.decorateRequest('clientCertificate', undefined)
  app.addHook('onRequest', (request, _, done) => {
    const { headers } = request
    if (
      headers.cookie !== undefined &&
      headers.authorization === undefined &&
      headers['x-api-key'] === undefined
    ) {
      const token = cookieOf(request, access)
      // Nothing else counts in a cookie: only a session has what `assertCsrf` asks for.
      if (isSessionToken(token)) request.cookieToken = token
    }
    if (site.scheme === 'https') request.clientCertificate = clientCertificates.of(request.raw.socket)
    done()
  })
}

/** After the rates: what waits may cost something. */
export function knowCallers(
  app: FastifyInstance,
  services: Pick<Services, 'callers' | 'people' | 'denials' | 'ledgers' | 'site'>,
): void {
  const { callers, people } = services
  app.addHook('onRequest', (request, _, done) => {
    const preparing = callers.prepare(credentialsOf(request))
    if (preparing) void after(preparing, done)
    else done()
  })
  app.addHook('onRequest', (request, _, done) => {
    const { cookieToken, clientCertificate, method, headers } = request
    if (request.routeOptions.config.checksOrigin) return done()
    // A browser shows certificates, too, for whatever page it is.
    if (clientCertificate !== undefined && (headers.origin ?? headers['sec-fetch-site']) !== undefined)
      assertSameOrigin(request, services)
    if (cookieToken !== undefined) {
      const session = people.sessions.ofToken(cookieToken)
      const isRead = method === 'GET' || method === 'HEAD'
      if (isRead) assertSameOrigin(request, services)
      else if (session) assertCsrf(request, session, services)
    }
    done()
  })
}

/** Not a hook that is async: most requests wait for nothing. */
async function after(preparing: Promise<void>, done: () => void): Promise<void> {
  await preparing
  done()
}
