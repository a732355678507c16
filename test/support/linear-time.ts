/** Whether work grows in proportion to its input: said by a ratio, as a busy machine is slow and still right. */

import { expect } from 'vitest'

const PARTS = 8
/** Work that is linear takes as long in one go as in eight parts; quadratic work takes eight times as long. */
const RATIO_MAX = 3
/** Milliseconds below which collections, compilation and the machine decide. */
const RESOLUTION = 20
const TRIES_MAX = 5

/**
 * Expects `run(size)` to take at most three times as long as eight runs of an eighth of `size`.
 * The shortest of at most five tries counts on each side, as whatever else happens only adds.
 */
export function expectLinearTime(size: number, run: (size: number) => unknown): void {
  const part = Math.floor(size / PARTS)
  run(part) // compiled first
  let whole = Number.POSITIVE_INFINITY
  let parts = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    whole = Math.min(
      whole,
      elapsed(1, () => run(size)),
    )
    if (whole <= RESOLUTION) return
    parts = Math.min(
      parts,
      elapsed(PARTS, () => run(part)),
    )
    if (whole <= RATIO_MAX * parts) return
  }
  expect.fail(`${whole} ms for ${size}, ${parts} ms for ${PARTS} times ${part}`)
}

/** Milliseconds that some runs take. */
function elapsed(runs: number, run: () => unknown): number {
  const started = performance.now()
  for (let i = 0; i < runs; i++) run()
  return performance.now() - started
}
