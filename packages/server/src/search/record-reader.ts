/** The records of one query, read from the ledger a block at a time. */
import { BLOCK_ENTRIES, type LedgerReader, type StoredEntry } from '../ledger/ledger-store.ts'

export class RecordReader {
  readonly #ledgers: LedgerReader
  readonly #ledger: string
  #first = -1
  #block: readonly StoredEntry[] = []

  constructor(ledgers: LedgerReader, ledger: string) {
    this.#ledgers = ledgers
    this.#ledger = ledger
  }

  /** The entry at an index; undefined where there is none. Neighbours are kept, for a query asks for them next. */
  async at(index: number): Promise<StoredEntry | undefined> {
    const first = index - (index % BLOCK_ENTRIES)
    if (first !== this.#first || index - first >= this.#block.length) {
      this.#block = await this.#ledgers.readEntries(this.#ledger, first, BLOCK_ENTRIES)
      this.#first = first
    }
    return this.#block[index - first]
  }
}
