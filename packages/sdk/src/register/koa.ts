/** Koa, with @koa/router: the route of each request, and what handlers throw. The trail is opened by the server. */
import { watch } from '../collectors/collected.ts'
import { exchangeOf } from '../middleware/http-exchange.ts'
import { type KoaContext, routeOf } from '../middleware/koa.ts'

type Handlers = (context: KoaContext) => Promise<unknown>

export function recordKoa(Koa: { readonly prototype: object }): void {
  watch(
    Koa.prototype,
    'handleRequest',
    (handle) =>
      function (...args) {
        const [context, handlers] = args as [KoaContext, Handlers]
        const exchange = exchangeOf(context.res)
        if (exchange === undefined) return handle.apply(this, args)
        exchange.routeOf ??= () => routeOf(context)
        const watched: Handlers = (given) =>
          handlers(given).catch((error: unknown) => {
            exchange.fail(error)
            throw error
          })
        return handle.call(this, context, watched)
      },
  )
}
