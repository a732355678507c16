/** Fastify 5, which tells of each application it makes: the route of each request, and what handlers throw. The server opens the trail. */
import { subscribe } from 'node:diagnostics_channel'
import { contained } from '../collectors/contained.ts'
import { type FastifyInstance, noteErrors } from '../middleware/fastify.ts'
import { exchangeOf } from '../middleware/http-exchange.ts'
import { report } from '../recorder/diagnostics.ts'

const MAJOR = 5

export function recordFastify(): void {
  subscribe('fastify.initialization', (message) =>
    contained('automatic mode', () => {
      const { fastify: app } = message as { readonly fastify: FastifyInstance & { readonly version: string } }
      if (Number.parseInt(app.version, 10) !== MAJOR) {
        report({ kind: 'left_alone', library: 'fastify', version: app.version })
        return
      }
      app.addHook('onRequest', (request, reply, next) => {
        const exchange = exchangeOf(reply.raw)
        if (exchange !== undefined) exchange.routeOf ??= () => request.routeOptions.url
        next()
      })
      noteErrors(app)
    }),
  )
}
