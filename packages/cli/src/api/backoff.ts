/** How long to wait before the next try. */

const FIRST_MS = 250
const MOST_MS = 10_000

/** Doubles with each failure up to 10 s, with up to half of it by chance, so that clients spread out. */
export function backoffMs(failures: number, retryAfterSeconds?: number): number {
  const base = Math.min(MOST_MS, FIRST_MS * 2 ** failures)
  const own = base * (0.5 + Math.random() / 2)
  return Math.max(own, (retryAfterSeconds ?? 0) * 1000)
}

export function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
