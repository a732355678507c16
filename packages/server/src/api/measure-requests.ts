/** Counts and times every HTTP request by the template of its route, and refusals by their problem. */
import type { FastifyInstance } from 'fastify'
import type { Metrics, RouteSamples } from '../metrics/metrics.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What is counted of the route; set when the request comes in. */
    samples: RouteSamples | undefined
  }
}

export function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  app.decorateRequest('samples', undefined)
  app.decorateReply('problem', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    const samples = metrics.route(request.method, request.routeOptions.url ?? 'none')
    request.samples = samples
    samples.inFlight.add(1)
    // Not onResponse, which a client that hangs up may prevent: this comes once, whatever happens.
    reply.raw.once('close', () => samples.inFlight.add(-1))
    done()
  })
  app.addHook('onResponse', ({ samples }, reply, done) => {
    samples?.answered(reply.statusCode)
    samples?.seconds.observe(reply.elapsedTime / 1000)
    if (reply.problem !== undefined) metrics.countRefusal('http', reply.problem)
    done()
  })
}
