/** What a live tail has brought: shown at once, or held back while somebody reads. Both are bounded. */
import type { ShownRecord } from '../api/answers.ts'

export interface TailBuffer {
  /** Newest first. */
  readonly shown: readonly ShownRecord[]
  /** Those held back, newest first. */
  readonly held: readonly ShownRecord[]
  /** Held back in all, also those of which only the number is known. */
  readonly heldCount: number
}

/** Beyond, the oldest leave the page; the search has them. */
export const SHOWN_MAX = 2_000

export const EMPTY_TAIL: TailBuffer = { shown: [], held: [], heldCount: 0 }

/** Puts what came, oldest first, into the list, or behind it. */
export function arrived(buffer: TailBuffer, came: readonly ShownRecord[], isHeld: boolean): TailBuffer {
  const newest = came.toReversed()
  if (!isHeld) return released({ ...buffer, held: [...newest, ...buffer.held] })
  return {
    ...buffer,
    held: [...newest, ...buffer.held].slice(0, SHOWN_MAX),
    heldCount: buffer.heldCount + came.length,
  }
}

/** Shows what was held back. */
export function released({ shown, held }: TailBuffer): TailBuffer {
  return { shown: [...held, ...shown].slice(0, SHOWN_MAX), held: [], heldCount: 0 }
}
