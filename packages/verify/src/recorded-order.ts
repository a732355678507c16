/** Whether entries were recorded in the order they are in, and where to look when they were not. */

import type { IndexRange } from './report.ts'

/** Entries whose times are kept: as many as one hash of the lowest stored tile covers. */
const KEPT = 256

export class RecordedOrder {
  /** Of the entries before, at their index modulo KEPT. */
  readonly #timesUs = new Float64Array(KEPT)
  #latestUs = 0
  #checked = 0
  /**
   * From the first entry that is ahead of a later one to the first of those: at least one of them is wrong. A
   * time that was raised is that of the first, one that was lowered that of the last. When all that are kept are
   * ahead, it is rather the last one alone.
   */
  firstUnordered: IndexRange | undefined

  /** Entries come in order of their index. Says whether this one was recorded before an earlier one. */
  isBehind(index: number, recordedAtUs: number): boolean {
    const isBehind = recordedAtUs < this.#latestUs
    if (isBehind) this.firstUnordered ??= this.#rangeUpTo(index, recordedAtUs)
    else this.#latestUs = recordedAtUs
    this.#timesUs[index % KEPT] = recordedAtUs
    this.#checked++
    return isBehind
  }

  #rangeUpTo(index: number, recordedAtUs: number): IndexRange {
    const oldest = index - Math.min(KEPT, this.#checked)
    let from = oldest
    while (from < index && this.#timesUs[from % KEPT]! <= recordedAtUs) from++
    return { from: from === oldest && this.#checked > KEPT ? index : from, to: index + 1 }
  }
}
