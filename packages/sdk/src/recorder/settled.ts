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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
