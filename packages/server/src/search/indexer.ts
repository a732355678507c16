/** Follows the ledgers and keeps the search index up to date; forgets in it what is erased. */
import { BLOCK_ENTRIES, type IndexRange, type LedgerReader } from '../ledger/ledger-store.ts'
import type { StreamWatch } from '../streams/stream-watch.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { indexedEntry } from './indexed-entry.ts'
import type { IndexedEntry, SearchIndex } from './search-index.ts'

/** Entries indexed in one transaction; bounds how long a search waits for new results. */
const ENTRIES_A_STEP = 4096
/** Rest after each step while yielding, in times of the step. */
const REST_SHARE = 3
/** Until a step that failed is tried again. */
const RETRY_MS = 5000

export interface IndexerDeps {
  readonly ledgers: LedgerReader
  readonly index: SearchIndex
  /** Told after each step how far a ledger is indexed. */
  onProgress(ledger: string, size: number): void
  /** Told when entries at `index` could not be read, or a step failed. */
  onFailure(ledger: string, index: number, error: Error): void
  /** Another reader of the same entries, given each step before the index is. */
  readonly streams: Pick<StreamWatch, 'apply' | 'cursor'>
}

export class Indexer {
  readonly #deps: IndexerDeps
  /** Ledger sizes announced; a ledger with a cursor below its size has work. */
  readonly #sizes = new Map<string, number>()
  #running = false
  #last: Promise<unknown> = Promise.resolve()
  #wake: (() => void) | undefined
  #stopping = false
  #yielding = false

  constructor(deps: IndexerDeps) {
    this.#deps = deps
  }

  /** The ledgers announced so far. */
  ledgers(): readonly { readonly ledger: string; readonly size: number }[] {
    return [...this.#sizes].map(([ledger, size]) => ({ ledger, size }))
  }

  /** Says that a ledger now has `size` entries; indexing goes on by itself. */
  announce(ledger: string, size: number): void {
    this.#sizes.set(ledger, Math.max(size, this.#sizes.get(ledger) ?? 0))
    this.#run()
  }

  /** While recording needs the processor, indexing takes a quarter of the time and catches up afterwards. */
  yieldToRecording(yielding: boolean): void {
    this.#yielding = yielding
  }

  #run(): void {
    if (this.#running) return
    this.#running = true
    void this.#catchUp().finally(() => {
      this.#running = false
    })
  }

  /** Steps until there is nothing left; a failed one is told and tried again after a while. */
  async #catchUp(): Promise<void> {
    for (;;) {
      const started = performance.now()
      const outcome = await this.#inTurn(() => this.#nextStep())
      if (outcome === 'idle' || this.#stopping) return
      const rest = this.#yielding ? REST_SHARE * (performance.now() - started) : 0
      await this.#pause(outcome === 'failed' ? RETRY_MS : rest)
    }
  }

  async #nextStep(): Promise<'worked' | 'idle' | 'failed'> {
    if (this.#stopping) return 'idle'
    for (const [ledger, size] of this.#sizes) {
      const cursor = Math.min(await this.#deps.index.cursor(ledger), this.#deps.streams.cursor(ledger))
      if (cursor >= size) continue
      try {
        await this.#step(ledger, cursor, size)
        return 'worked'
      } catch (error) {
        this.#deps.onFailure(ledger, cursor, error as Error)
        return 'failed'
      }
    }
    return 'idle'
  }

  async #step(ledger: string, cursor: number, size: number): Promise<void> {
    const to = Math.min(size, cursor + ENTRIES_A_STEP)
    const entries = await this.#read(ledger, { from: cursor, to })
    this.#deps.streams.apply(ledger, entries, to)
    await this.#deps.index.apply(ledger, entries, to)
    this.#deps.onProgress(ledger, to)
  }

  /** What can be read of a range: a damaged block is told and passed over, so that search goes on behind it. */
  async #read(ledger: string, { from, to }: IndexRange): Promise<IndexedEntry[]> {
    const entries: IndexedEntry[] = []
    for (let index = from; index < to; ) {
      try {
        const read = await this.#deps.ledgers.readEntries(ledger, index, to - index)
        if (read.length === 0) throw new TrailproofError('DATA_DAMAGED', 'the entry is missing')
        for (const entry of read) entries.push(indexedEntry(entry))
        index += read.length
      } catch (error) {
        if (!(error instanceof SyntaxError || isDamage(error))) throw error
        this.#deps.onFailure(ledger, index, error as Error)
        index += BLOCK_ENTRIES - (index % BLOCK_ENTRIES)
      }
    }
    return entries
  }

  /**
   * Forgets entries whose content is about to be destroyed, while it can still be read. Where it is gone
   * already and the index may still hold terms of it, the index is built again.
   */
  erase(ledger: string, ranges: readonly IndexRange[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const range of ranges) {
        const cursor = await this.#deps.index.cursor(ledger)
        const entries = await this.#read(ledger, { from: range.from, to: Math.min(range.to, cursor) })
        for (const { personal, index } of entries)
          if (!personal && (await this.#deps.index.holdsPersonal(ledger, index))) return this.#reset(ledger)
        await this.#deps.index.eraseEntries(ledger, entries)
      }
    })
  }

  /** Builds the index of a ledger again from the ledger. Searches find less until it has caught up. */
  rebuild(ledger: string): Promise<void> {
    return this.#inTurn(() => this.#reset(ledger))
  }

  async #reset(ledger: string): Promise<void> {
    await this.#deps.index.reset(ledger)
    for (const name of this.#sizes.keys()) this.#deps.onProgress(name, await this.#deps.index.cursor(name))
    this.#run()
  }

  /** One change of the index at a time; an erasure comes between two steps, however much there is to do. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    // The caller sees the error; the chain only needs to know that the work is over.
    this.#last = result.catch(() => undefined)
    return result
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Resolves when the work in hand is done. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await this.#last
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof TrailproofError && error.code === 'DATA_DAMAGED'
}
