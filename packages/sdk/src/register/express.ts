/** Express 4 and 5: the route of each request, and what handlers throw or pass to `next`. Its trail is opened by the server. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Method, watch } from '../collectors/collected.ts'
import { routeOf } from '../middleware/express.ts'
import { exchangeOf } from '../middleware/http-exchange.ts'

/** What is used of Express. */
interface Express {
  readonly application: object
  readonly Router: () => { use(handler: () => void): void; readonly stack: readonly object[] }
}

export function recordExpress(express: Express): void {
  watch(
    express.application,
    'handle',
    (handle) =>
      function (...args) {
        const [request, response] = args as [IncomingMessage, ServerResponse]
        const exchange = exchangeOf(response)
        if (exchange !== undefined) exchange.routeOf ??= () => routeOf(request)
        return handle.apply(this, args)
      },
  )
  const layer = Object.getPrototypeOf(aLayer(express)) as object
  watch(layer, 'handle_request', watchedHandle) // Express 4
  watch(layer, 'handleRequest', watchedHandle)
}

/** Layers have a class that only an instance tells of. */
function aLayer({ Router }: Express): object {
  const router = Router()
  router.use(() => undefined)
  return router.stack[0]!
}

/** Where an error arises, before any of the application's own handlers makes an answer of it. */
function watchedHandle(handle: Method): Method {
  return function (...args) {
    const [request, response, next] = args as [unknown, ServerResponse, (error?: unknown) => unknown]
    const exchange = exchangeOf(response)
    if (exchange === undefined) return handle.apply(this, args)
    return handle.call(this, request, response, (error?: unknown) => {
      if (error !== undefined && error !== null && error !== 'route' && error !== 'router')
        exchange.fail(error)
      return next(error)
    })
  }
}
