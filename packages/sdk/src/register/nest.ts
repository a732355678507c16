/** NestJS on Express: what handlers, guards and pipes throw, before Nest makes an answer of it. Trail and route are those of Express. */
import type { ServerResponse } from 'node:http'
import { type Method, watch } from '../collectors/collected.ts'
import { exchangeOf } from '../middleware/http-exchange.ts'

/** What stands around each handler. */
export function recordNest({ RouterProxy }: { readonly RouterProxy: { readonly prototype: object } }): void {
  watch(
    RouterProxy.prototype,
    'createProxy',
    (createProxy) =>
      function (...args) {
        const [handle, ...rest] = args
        return createProxy.call(
          this,
          typeof handle === 'function' ? watchedHandler(handle as Method) : handle,
          ...rest,
        )
      },
  )
}

function watchedHandler(handle: Method): Method {
  return async function (...args) {
    try {
      return await handle.apply(this, args)
    } catch (error) {
      const exchange = exchangeOf(args[1] as ServerResponse)
      // Nest throws for what no route matches, too: that is an answer, and no handler failed.
      if (exchange?.routeOf?.() !== undefined) exchange.fail(error)
      throw error
    }
  }
}
