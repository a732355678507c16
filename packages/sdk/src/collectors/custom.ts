/** Calls that no collector knows of. */
import type { IntegrationType } from '../recorder/step.ts'
import { beginCall, endCall, endWhenSettled, isThenable } from './call.ts'

export interface CustomCall<Result> {
  /** Default `custom`. */
  readonly type?: IntegrationType
  /** What people recognise: `ldap bind`, `s3 PutObject`. */
  readonly name: string
  readonly request?: unknown
  readonly metadata?: unknown
  /** What is kept of what `fn` gives. Default: nothing. */
  readonly response?: (result: Awaited<Result>) => unknown
}

/**
 * Runs `fn`, which may give a promise, as an integration of the current trail; gives back and throws what it does. Without a trail it
 * just runs.
 *
 *     const entry = await collectCall({ name: 'ldap search', request: { filter } }, () => ldap.search(filter))
 */
export function collectCall<Result>(init: CustomCall<Result>, fn: () => Result): Result {
  const call = beginCall(() => {
    const { type = 'custom', name, request, metadata } = init
    return {
      type,
      name,
      ...(request !== undefined && { request }),
      ...(metadata !== undefined && { metadata }),
    }
  })
  if (call === undefined) return fn()
  const end = (error: unknown, result?: unknown): void =>
    endCall(call, () => {
      if (error !== undefined) return { error }
      return { response: init.response?.(result as Awaited<Result>) }
    })
  let result: Result
  try {
    result = fn()
  } catch (error) {
    end(error ?? 'undefined was thrown')
    throw error
  }
  if (isThenable(result)) return endWhenSettled(result, end) as Result // the same promise type
  end(undefined, result)
  return result
}
