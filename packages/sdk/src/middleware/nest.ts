/** NestJS on Express. */
import type { ServerResponse } from 'node:http'
import { exchangeOf } from './http-exchange.ts'

export { trails } from './express.ts'

/** What is used of Nest's ExecutionContext. */
interface ExecutionContext {
  switchToHttp(): { getResponse(): unknown }
}

interface CallHandler {
  handle(): Observable
}

interface Observer {
  next(value: unknown): void
  error(error: unknown): void
  complete(): void
}

/** What is used of rxjs' Observable. */
interface Observable {
  subscribe(observer: Observer): unknown
}

type ObservableClass = new (subscribe: (observer: Observer) => unknown) => Observable

/**
 * Notes in the trail what a handler throws, before Nest makes an answer of it. With `app.use(trails())`:
 *
 *     app.useGlobalInterceptors(trailInterceptor())
 */
export function trailInterceptor(): {
  intercept(context: ExecutionContext, next: CallHandler): Observable
} {
  return {
    intercept(context, next) {
      const exchange = exchangeOf(context.switchToHttp().getResponse() as ServerResponse)
      const source = next.handle()
      if (exchange === undefined) return source
      const { constructor } = source as unknown as { readonly constructor: ObservableClass } // the application's rxjs
      return new constructor((observer) =>
        source.subscribe({
          next: (value) => observer.next(value),
          error: (error) => {
            exchange.fail(error)
            observer.error(error)
          },
          complete: () => observer.complete(),
        }),
      )
    },
  }
}
