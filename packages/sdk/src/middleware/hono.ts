/** Hono on Node (@hono/node-server). */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import { openExchange } from './http-exchange.ts'

/** What is read of Hono's context. */
interface HonoContext {
  readonly env: unknown
  readonly error: unknown
  readonly req: { readonly routePath: string }
}

/** What @hono/node-server puts there. */
interface NodeBindings {
  readonly incoming?: IncomingMessage
  readonly outgoing?: ServerResponse
}

/**
 * The first middleware of the application: each request becomes a trail.
 *
 *     app.use(trails({ service: 'orders' }))
 *
 * Requests that come from no server, such as those of `app.request()`, pass through without one.
 */
export function trails(
  choice?: RecorderChoice,
): (context: HonoContext, next: () => Promise<void>) => Promise<void> {
  const recorder = recorderOf(choice)
  return async (context, next) => {
    const { incoming, outgoing } = (context.env ?? {}) as NodeBindings
    const exchange = incoming && outgoing && openExchange(recorder, incoming, outgoing)
    if (exchange === undefined) {
      await next()
      return
    }
    exchange.routeOf = () => (context.req.routePath === '/*' ? undefined : context.req.routePath)
    try {
      await exchange.run(next)
    } finally {
      if (context.error !== undefined) exchange.fail(context.error) // Hono has caught it already
    }
  }
}
