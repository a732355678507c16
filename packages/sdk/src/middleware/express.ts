/** Express 4 and 5. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import { exchangeOf, openExchange } from './http-exchange.ts'

/** @internal What is read of Express' request; both versions have it. */
export interface ExpressRequest extends IncomingMessage {
  readonly baseUrl?: string
  readonly route?: { readonly path?: unknown }
}

type Next = (error?: unknown) => void

/**
 * The first middleware of the application: each request becomes a trail.
 *
 *     app.use(trails({ service: 'orders' }))
 */
export function trails(
  choice?: RecorderChoice,
): (request: IncomingMessage, response: ServerResponse, next: Next) => void {
  const recorder = recorderOf(choice)
  return (request, response, next) => {
    const exchange = openExchange(recorder, request, response)
    if (exchange === undefined) {
      next()
      return
    }
    exchange.routeOf = () => routeOf(request)
    exchange.run(next)
  }
}

/**
 * The last one: notes in the trail what a handler threw or passed to `next`, and passes it on to your own error handler.
 *
 *     app.use(trailErrors())
 */
export function trailErrors(): (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: Next,
) => void {
  return (error, _request, response, next) => {
    exchangeOf(response)?.fail(error)
    next(error)
  }
}

/** @internal `/users` + `/:id`; a pattern that is no text is left out, as the path itself may hold personal data. */
export function routeOf({ baseUrl = '', route }: ExpressRequest): string | undefined {
  const path = route?.path
  return typeof path === 'string' ? `${templateOf(baseUrl)}${path}` || '/' : undefined
}

/**
 * Where the router is mounted, which Express knows only with its parameters filled in: what looks like a value becomes `:id`, as the server
 * does with paths (spec/record.md, "Mapping"). The route is never erased, so no personal data may get into it.
 */
function templateOf(baseUrl: string): string {
  return baseUrl
    .split('/')
    .map((segment) => (/^(?:[A-Za-z_.-]{0,40}|v\d{1,3})$/.test(segment) ? segment : ':id'))
    .join('/')
}
