/** Fastify 5. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import { Recorder } from '../recorder/recorder.ts'
import { exchangeOf, openExchange } from './http-exchange.ts'

/** @internal What is used of Fastify. */
export interface FastifyInstance {
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void,
  ): unknown
  addHook(
    name: 'onError',
    hook: (request: FastifyRequest, reply: FastifyReply, error: unknown, done: () => void) => void,
  ): unknown
}

interface FastifyRequest {
  readonly raw: IncomingMessage
  readonly routeOptions: { readonly url?: string | undefined }
}

interface FastifyReply {
  readonly raw: ServerResponse
  header(name: string, value: string): unknown
}

/**
 * Each request becomes a trail; register it before your routes.
 *
 *     await app.register(trails, { service: 'orders' })
 */
export function trails(
  app: FastifyInstance,
  options: RecorderChoice | { readonly recorder: Recorder },
  done: () => void,
): void {
  const recorder = recorderOf(choiceIn(options))
  app.addHook('onRequest', (request, reply, next) => {
    const echo = (name: string, value: string): void => void reply.header(name, value)
    const exchange = openExchange(recorder, request.raw, reply.raw, { echo })
    if (exchange === undefined) {
      next()
      return
    }
    exchange.routeOf = () => request.routeOptions.url
    exchange.run(next)
  })
  noteErrors(app)
  done()
}

/** @internal Before the application makes an answer of them. */
export function noteErrors(app: FastifyInstance): void {
  app.addHook('onError', (_request, reply, error, next) => {
    exchangeOf(reply.raw)?.fail(error)
    next()
  })
}

/** Hooks of a plugin are those of its parent (fastify-plugin's mark): the trail covers routes registered anywhere. */
Object.assign(trails, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@trailproof/sdk',
  [Symbol.for('plugin-meta')]: { name: '@trailproof/sdk', fastify: '5.x' },
})

/** Fastify gives an empty object where the application gave nothing. */
function choiceIn(options: RecorderChoice | { readonly recorder: Recorder }): RecorderChoice {
  if (options === undefined || options instanceof Recorder) return options
  if ('recorder' in options) return options.recorder
  return Object.keys(options).length === 0 ? undefined : options
}
