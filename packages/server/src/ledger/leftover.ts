/** What is left to be destroyed of a ledger: all but what it wrote of itself. Read a piece at a time, as the ledger grows. */
import type { IndexRange, LedgerReader } from './ledger-store.ts'
import { isServerAction } from './server-records.ts'

export class Leftover {
  readonly ledger: string
  #ranges: { readonly from: number; to: number }[] = []
  #seenTo = 0

  constructor(ledger: string) {
    this.ledger = ledger
  }

  get seenTo(): number {
    return this.#seenTo
  }

  /** In rising order; they do not touch. */
  get ranges(): readonly IndexRange[] {
    return this.#ranges
  }

  /** What stands before `index` is left to others. */
  skipTo(index: number): void {
    if (index <= this.#seenTo) this.#ranges = this.#ranges.flatMap((range) => behind(range, index))
    else {
      this.#ranges = []
      this.#seenTo = index
    }
  }

  /** Looks at the entries up to `to` that it has not seen. */
  async readOn(store: Pick<LedgerReader, 'readEntries'>, to: number): Promise<void> {
    while (this.#seenTo < to) {
      const entries = await store.readEntries(this.ledger, this.#seenTo, to - this.#seenTo)
      for (const { index, core } of entries)
        if (core.kind === 'present' && !isServerAction(core.bytes)) this.#add(index)
      this.#seenTo += entries.length
    }
  }

  #add(index: number): void {
    const last = this.#ranges.at(-1)
    if (last?.to === index) last.to++
    else this.#ranges.push({ from: index, to: index + 1 })
  }
}

function behind({ from, to }: IndexRange, index: number): { from: number; to: number }[] {
  return to <= index ? [] : [{ from: Math.max(from, index), to }]
}
