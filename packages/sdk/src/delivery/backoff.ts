/** How long to wait before the next try. */

const FIRST_MS = 100
const MOST_MS = 30_000
/** The longest that another side can send us away for: a wrong header must not end recording. */
const RETRY_AFTER_MS_MAX = 600_000

/**
 * Anything up to a bound that doubles with each failure, from 100 ms to 30 s or `mostMs`, so that clients spread out ("full
 * jitter"). What the other side asked for wins, up to 10 minutes.
 */
export function backoffMs(
  failures: number,
  random: () => number,
  retryAfterMs?: number,
  mostMs: number = MOST_MS,
): number {
  const own = Math.ceil(random() * Math.min(mostMs, FIRST_MS * 2 ** Math.min(failures - 1, 30)))
  if (retryAfterMs === undefined || !(retryAfterMs > 0)) return own
  return Math.max(own, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX))
}
