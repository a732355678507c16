/** What a trail's duration consists of: the parts that, had they been shorter, would have made it shorter, and what lies between them. */
import type { Span } from './spans.ts'

export interface Gap {
  /** ms after the first of all. */
  readonly startMs: number
  readonly durationMs: number
}

export interface CriticalPath {
  /** Keys of spans. */
  readonly keys: ReadonlySet<string>
  /** Times on the path in which nothing is recorded, in their order. */
  readonly gaps: readonly Gap[]
}

/** A shorter pause is the clock's, or what runs between two calls. */
const GAP_SHARE_MIN = 0.05
const GAP_MS_MIN = 1
/** Clocks of two services differ; within this, one part ended before the next began. */
const CLOCK_MS = 0.5

interface Measured extends Pick<Span, 'key' | 'depth' | 'toldBy' | 'startMs'> {
  readonly endMs: number
}

/** From the end back to the beginning: before each part stands the one that ended last before it began. */
export function criticalPath(spans: readonly Span[], totalMs: number): CriticalPath {
  const measured = spans
    .filter(({ durationMs = 0 }) => durationMs > 0)
    .map(({ key, depth, toldBy, startMs, durationMs = 0 }) => ({
      key,
      depth,
      toldBy,
      startMs,
      endMs: startMs + durationMs,
    }))
  const waiting = measured
    .filter((span, i) => !measured.some((other, j) => j !== i && isWithin(other, span, j > i)))
    .toSorted((a, b) => a.endMs - b.endMs)
  const keys = new Set<string>()
  const gaps: Gap[] = []
  const gapMin = Math.max(GAP_MS_MIN, GAP_SHARE_MIN * totalMs)
  let reachedMs = totalMs
  const noteGap = (endMs: number): void => {
    if (reachedMs - endMs >= gapMin) gaps.push({ startMs: endMs, durationMs: reachedMs - endMs })
  }
  for (let last = waiting.pop(); last !== undefined; last = waiting.pop()) {
    if (last.endMs > reachedMs + CLOCK_MS) continue // beside what is on the path
    noteGap(last.endMs)
    keys.add(last.key)
    reachedMs = Math.min(reachedMs, last.startMs)
  }
  if (keys.size > 0) noteGap(0)
  return { keys, gaps: gaps.toReversed() }
}

/**
 * A request holds its parts, and a call the request that it made; parts of one request run beside each other. Of two that take
 * the same time, the one that is told later is the inner one.
 */
function isWithin(inner: Measured, outer: Measured, isLater: boolean): boolean {
  if (outer.depth > 0 && outer.toldBy === inner.toldBy) return false
  if (inner.startMs < outer.startMs || inner.endMs > outer.endMs) return false
  return isLater || inner.endMs - inner.startMs < outer.endMs - outer.startMs
}
