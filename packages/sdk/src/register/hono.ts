/** Hono: the route of each request, as its router finds it. The trail is opened by the server. */
import { type Method, watch } from '../collectors/collected.ts'
import { contained } from '../collectors/contained.ts'
import { currentTrail } from '../recorder/current-trail.ts'

/** What matched: handlers with their routes, the last of which answers. */
type Match = readonly [
  handlers: readonly (readonly [handler: readonly [unknown, { readonly path?: unknown }]])[],
]

/** The router that Hono uses unless told otherwise. */
export function recordHono({ SmartRouter }: { readonly SmartRouter: { readonly prototype: object } }): void {
  watch(
    SmartRouter.prototype,
    'match',
    (match) =>
      function (...args) {
        const matched = noted(match.apply(this, args))
        // From its first request on it has a method of its own: that of the router which it chose.
        if (Object.hasOwn(this as object, 'match'))
          watch(
            this as object,
            'match',
            (own: Method) =>
              (...again) =>
                noted(own.apply(this, again)),
          )
        return matched
      },
  )
}

function noted(matched: unknown): unknown {
  contained('automatic mode', () => {
    const trail = currentTrail()
    if (trail === undefined || !trail.isOpen) return
    const path = (matched as Match)[0].at(-1)?.[0][1].path
    // `/*` is where middleware stands.
    if (typeof path === 'string' && path !== '/*' && path !== '*') trail.parts.route ??= path
  })
  return matched
}
