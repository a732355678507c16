/** Keeps requests within the rates that the settings set: those that may not come are told so before anything is done for them. */
import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.ts'
import { credentialsOf } from './authorize.ts'
import { faultProblem } from './fault-problem.ts'
import { problemText } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked by load balancers and monitoring: never refused for its rate. */
    isProbe?: true
  }
}

export function limitRequests(
  app: FastifyInstance,
  { limits, callers, viewers }: Pick<Services, 'limits' | 'callers' | 'viewers'>,
): void {
  app.addHook('onRequest', (request, _, done) => {
    if (!request.routeOptions.config.isProbe)
      limits.request(request.ip, () => callers.idOf(credentialsOf(request)))
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.problem !== 'unauthorized') return done(null, payload)
    // Pages of many customers come by one address, and each shows a token that has ended now and then: nobody guesses.
    if (viewers.isOurs(credentialsOf(request).token)) return done(null, payload)
    const limited = limits.failed(request.ip)
    if (!limited) return done(null, payload)
    reply.removeHeader('www-authenticate')
    done(null, problemText(reply, faultProblem(limited)))
  })
}
