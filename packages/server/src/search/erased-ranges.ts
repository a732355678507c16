/** Which entries were erased, as ranges that neither overlap nor touch. */
import type { IndexRange } from '../ledger/ledger-store.ts'

export class ErasedRanges {
  /** In rising order. */
  #ranges: IndexRange[] = []

  add(ranges: readonly IndexRange[]): void {
    const merged: { from: number; to: number }[] = []
    for (const { from, to } of [...this.#ranges, ...ranges].toSorted((a, b) => a.from - b.from)) {
      const last = merged.at(-1)
      if (last === undefined || from > last.to) merged.push({ from, to })
      else last.to = Math.max(last.to, to)
    }
    this.#ranges = merged
  }

  has(index: number): boolean {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#ranges[middle]!.to <= index) low = middle + 1
      else high = middle
    }
    return low < this.#ranges.length && this.#ranges[low]!.from <= index
  }
}
