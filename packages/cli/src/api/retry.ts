/** Makes a call again while its failure may pass. */

import { isTransient, Refusal } from './api-client.ts'
import { backoffMs, waitMs } from './backoff.ts'

export interface RetryOptions {
  /** Tries after the first one. */
  readonly retriesMax: number
  readonly onRetry?: (failure: Error, waitMs: number) => void
}

/** The caller sees to it that making the call twice does no harm. */
export async function untilAnswered<T>(
  call: () => Promise<T>,
  { retriesMax, onRetry }: RetryOptions,
): Promise<T> {
  for (let failures = 0; ; failures++)
    try {
      return await call()
    } catch (error) {
      if (!isTransient(error) || failures >= retriesMax) throw error
      const wait = backoffMs(failures, error instanceof Refusal ? error.retryAfter : undefined)
      onRetry?.(error as Error, wait) // isTransient said that it is a Failure
      await waitMs(wait)
    }
}
