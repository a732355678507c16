/** Koa. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import { openExchange } from './http-exchange.ts'

/** @internal What is read of Koa's context; the route is that of @koa/router or koa-router. */
export interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly _matchedRoute?: unknown
  readonly routerPath?: unknown
}

/**
 * The first middleware of the application: each request becomes a trail.
 *
 *     app.use(trails({ service: 'orders' }))
 */
export function trails(
  choice?: RecorderChoice,
): (context: KoaContext, next: () => Promise<unknown>) => Promise<void> {
  const recorder = recorderOf(choice)
  return async (context, next) => {
    const exchange = openExchange(recorder, context.req, context.res)
    if (exchange === undefined) {
      await next()
      return
    }
    exchange.routeOf = () => routeOf(context)
    try {
      await exchange.run(next)
    } catch (error) {
      exchange.fail(error)
      throw error
    }
  }
}

/** @internal */
export function routeOf({ _matchedRoute }: KoaContext): string | undefined {
  return typeof _matchedRoute === 'string' ? _matchedRoute : undefined
}
