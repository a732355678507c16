/** What a cache is worth and what it lacks, in figures, and in the log once a minute at most. */
import type { Logger } from 'pino'
import type { Metrics } from '../metrics/metrics.ts'
import { CACHE_OPERATIONS, type CacheOperation, type CacheUse } from './cache-store.ts'

const WARN_INTERVAL_MS = 60_000

export class CacheReports {
  readonly #metrics: Pick<Metrics, 'registry'>
  readonly #log: Pick<Logger, 'warn'>
  readonly #now: () => number
  #warnedAt = Number.NEGATIVE_INFINITY
  #unsaid = 0

  /** `now`: ms of a clock that never goes back. */
  constructor(metrics: Pick<Metrics, 'registry'>, log: Pick<Logger, 'warn'>, now: () => number) {
    this.#metrics = metrics
    this.#log = log
    this.#now = now
    for (const use of ['receipts', 'counts'] as const) {
      for (const outcome of ['hit', 'miss'] as const)
        metrics.registry.value('trailproof_cache_lookups_total', use, outcome)
      metrics.registry.value('trailproof_cache_refused_total', use)
    }
    for (const operation of CACHE_OPERATIONS)
      metrics.registry.value('trailproof_cache_errors_total', operation)
  }

  lookedUp(use: CacheUse, outcome: 'hit' | 'miss'): void {
    this.#metrics.registry.value('trailproof_cache_lookups_total', use, outcome).add(1)
  }

  /** Somebody else has written there, or with another key. */
  refused(use: CacheUse): void {
    this.#metrics.registry.value('trailproof_cache_refused_total', use).add(1)
    this.#warn(
      { cache: use },
      'the cache holds a value that no server with this key put there: it is ignored',
    )
  }

  readonly failed = (operation: CacheOperation, error: Error): void => {
    this.#metrics.registry.value('trailproof_cache_errors_total', operation).add(1)
    this.#warn({ err: error, operation }, 'the cache cannot be used now: answers take longer')
  }

  #warn(details: object, message: string): void {
    const now = this.#now()
    if (now - this.#warnedAt < WARN_INTERVAL_MS) {
      this.#unsaid++
      return
    }
    this.#warnedAt = now
    this.#log.warn({ ...details, unsaid: this.#unsaid }, message)
    this.#unsaid = 0
  }
}
