/** Where answers are remembered. It may forget anything at any time, and nobody waits long for it. */

import type { Tally } from '../limits/shared-rates.ts'

/** What asks: told apart in metrics. */
export type CacheUse = 'receipts' | 'counts'

/** What may fail: told apart in metrics. */
export const CACHE_OPERATIONS = ['read', 'write', 'forget', 'tally'] as const
export type CacheOperation = (typeof CACHE_OPERATIONS)[number]

/** Driver: `RedisCache`. */
export interface CacheStore extends AsyncDisposable {
  /**
   * The values under names, in the order of these; undefined for what is not there. Undefined for all together when that could not
   * be found out in time. Never rejects.
   */
  read(names: readonly string[]): Promise<readonly (Buffer | undefined)[] | undefined>
  /** Puts values under names, for a while and when there is room; nobody waits for it. */
  write(entries: readonly CacheEntry[]): void
  /** What all who share it have taken of some rates, after these were added; see `Tally`. */
  readonly tally: Tally
  /** Deletes everything whose name begins with one of these. False when it may not have done so: what is left ends by itself. Never rejects. */
  forget(beginnings: readonly string[]): Promise<boolean>
}

export interface CacheEntry {
  readonly name: string
  readonly value: Uint8Array
}
