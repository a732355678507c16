/** How late the main thread is: a timer notes by how much it was called after its time. */
import type { Registry } from './registry.ts'

const INTERVAL_MS = 100

/** Watches until it is disposed of. */
export function watchEventLoop(registry: Registry): Disposable {
  const lag = registry.histogram('trailproof_event_loop_lag_seconds')
  let due = performance.now() + INTERVAL_MS
  const timer = setInterval(() => {
    const now = performance.now()
    lag.observe(Math.max(0, now - due) / 1000)
    due = now + INTERVAL_MS
  }, INTERVAL_MS)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
