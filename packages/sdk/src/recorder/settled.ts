/** Knowing when a function is done, whether it gives a promise or not, without changing what it gives. */

/** Runs `fn` and tells `end` once how it went, when a promise it gives back has settled. */
export function settled<Result>(fn: () => Result, end: (error?: unknown) => void): Result {
  let result: Result
  try {
    result = fn()
  } catch (error) {
    end(error ?? 'undefined was thrown')
    throw error
  }
  if (!isThenable(result)) {
    end()
    return result
  }
  if (!(result instanceof Promise)) return watched(result, end)
  return result.then(
    (value: unknown) => {
      end()
      return value
    },
    (error: unknown) => {
      end(error ?? 'undefined was thrown')
      throw error
    },
  ) as Result // the same promise type, settled with the same value
}

/** A query that runs when somebody awaits it stays what it is, with all its methods; how it went is heard then. */
function watched<Result extends PromiseLike<unknown>>(lazy: Result, end: (error?: unknown) => void): Result {
  const { then } = lazy as unknown as { readonly then: (...args: unknown[]) => unknown }
  try {
    // oxlint-disable-next-line unicorn/no-thenable -- it has one already, which is called
    Object.defineProperty(lazy, 'then', {
      configurable: true,
      writable: true,
      value(this: unknown, done?: (value: unknown) => unknown, failed?: (error: unknown) => unknown) {
        return then.call(
          this,
          (value: unknown) => {
            end()
            return done === undefined ? value : done(value)
          },
          (error: unknown) => {
            end(error ?? 'undefined was thrown')
            if (failed === undefined) throw error
            return failed(error)
          },
        )
      },
    })
  } catch {
    // It is frozen, and its step stays without an end.
  }
  return lazy
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
