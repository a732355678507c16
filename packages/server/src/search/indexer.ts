/** Follows the ledgers and keeps the search index up to date; forgets in it what is erased. */
import {
  BLOCK_ENTRIES,
  type ErasedRange,
  type IndexRange,
  type LedgerReader,
} from '../ledger/ledger-store.ts'
import type { StreamWatch } from '../streams/stream-watch.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { ErasedRanges } from './erased-ranges.ts'
import { indexedEntry } from './indexed-entry.ts'
import type { IndexedEntry, SearchIndex } from './search-index.ts'

/** Entries indexed in one transaction; bounds how long a search waits for new results. */
const ENTRIES_A_STEP = 4096
/** Entries erased by one call; they are held in memory. */
const ERASED_A_STEP = 16_384
/** Rest after each step while yielding, in times of the step. */
const REST_SHARE = 3
/** Until a step that failed is tried again. */
const RETRY_MS = 5000
/** Until one that came in the way of another indexer is. */
const MOVED_MS = 100

export interface IndexerDeps {
  readonly ledgers: LedgerReader
  readonly index: SearchIndex
  /** Told after each step how far a ledger is indexed. */
  onProgress(ledger: string, size: number): void
  /** Told when entries at `index` could not be read, or a step failed. */
  onFailure(ledger: string, index: number, error: Error): void
  /** Another reader of the same entries, given each step before the index is. */
  readonly streams: Pick<StreamWatch, 'apply' | 'cursor'>
  /** True: other processes may move the same index on, and only the streams are followed until `lead`. */
  readonly sharesIndex: boolean
}

export class Indexer {
  readonly #deps: IndexerDeps
  /** Ledger sizes announced; a ledger with a cursor below its size has work. */
  readonly #sizes = new Map<string, number>()
  /** What is erased: until its content is destroyed it could still be read here. */
  readonly #erased = new Map<string, ErasedRanges>()
  /** Of what is erased nothing is left, the core group neither. */
  readonly #destroyed = new Map<string, ErasedRanges>()
  #leads: boolean
  /** Ledgers whose last step failed, and until when (ms of `performance.now`) they are passed over. */
  readonly #restUntil = new Map<string, number>()
  #running = false
  /** Something was announced since the ledgers were last gone through. */
  #hasNews = false
  #last: Promise<unknown> = Promise.resolve()
  #wake: (() => void) | undefined
  #stopping = false
  #yielding = false

  constructor(deps: IndexerDeps) {
    this.#deps = deps
    this.#leads = !deps.sharesIndex
  }

  /** Whether this process moves the index on. */
  get leads(): boolean {
    return this.#leads
  }

  /** Says whether it is this process's turn. */
  async lead(leads: boolean): Promise<void> {
    this.#leads = leads
    if (!leads) return
    for (const ledger of this.#sizes.keys()) await this.forgetOutlived(ledger)
    this.#run()
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
    this.#hasNews = true
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
      this.#hasNews = false
      const outcome = await this.#inTurn(() => this.#nextStep())
      if (this.#stopping) return
      if (outcome === 'idle') {
        // A ledger that was passed already may have grown while the others were looked at.
        if (this.#hasNews) continue
        return
      }
      const rest = this.#yielding ? REST_SHARE * (performance.now() - started) : 0
      await this.#pause(outcome === 'failed' ? RETRY_MS : outcome === 'moved' ? MOVED_MS : rest)
    }
  }

  async #nextStep(): Promise<'worked' | 'idle' | 'moved' | 'failed'> {
    if (this.#stopping) return 'idle'
    let isAnyResting = false
    for (const [ledger, size] of this.#sizes) {
      // What fails again and again, such as a ledger without its keys, holds up no other.
      if (performance.now() < (this.#restUntil.get(ledger) ?? 0)) {
        isAnyResting = true
        continue
      }
      let from = this.#deps.streams.cursor(ledger)
      try {
        const indexed = this.#leads ? await this.#deps.index.cursor(ledger) : size
        // Search first: whoever takes the index over may have all streams still to read.
        if (indexed < size) from = indexed
        if (from >= size) continue
        await this.#step(ledger, { from, to: Math.min(size, from + ENTRIES_A_STEP) }, indexed)
        return 'worked'
      } catch (error) {
        if (isMoved(error)) return 'moved'
        this.#deps.onFailure(ledger, from, error as Error)
        this.#restUntil.set(ledger, performance.now() + RETRY_MS / 2)
        isAnyResting = true
      }
    }
    return isAnyResting ? 'failed' : 'idle'
  }

  async #step(ledger: string, { from, to }: IndexRange, indexed: number): Promise<void> {
    const entries = this.#withoutErased(ledger, await this.#read(ledger, { from, to }))
    if (this.#deps.streams.cursor(ledger) >= from) this.#deps.streams.apply(ledger, entries, to)
    if (indexed >= to) return
    await this.#deps.index.apply(ledger, entries, to)
    this.#deps.onProgress(ledger, to)
  }

  #withoutErased(ledger: string, entries: readonly IndexedEntry[]): readonly IndexedEntry[] {
    const erased = this.#erased.get(ledger)
    const destroyed = this.#destroyed.get(ledger)
    const left = destroyed ? entries.filter(({ index }) => !destroyed.has(index)) : entries
    if (erased === undefined) return left
    return left.map((entry) => (erased.has(entry.index) ? { ...entry, personal: undefined } : entry))
  }

  /** What can be read of a range: a damaged block is told and passed over, so that search goes on behind it. */
  async #read(ledger: string, { from, to }: IndexRange): Promise<IndexedEntry[]> {
    const entries: IndexedEntry[] = []
    for (let index = from; index < to; ) {
      try {
        const read = await this.#deps.ledgers.readEntries(ledger, index, to - index)
        if (read.length === 0) throw new TrailproofError('DATA_DAMAGED', 'the entry is missing')
        // Of what was destroyed there is nothing to be found by, and nothing that is counted.
        for (const entry of read) if (entry.core.kind === 'present') entries.push(indexedEntry(entry))
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
  erase(ledger: string, ranges: readonly ErasedRange[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#erasePersonal(
        ledger,
        ranges.filter(({ groups }) => groups === undefined),
      )
      await this.#destroy(
        ledger,
        ranges.filter(({ groups }) => groups === 'both'),
      )
    })
  }

  /** As if they had never been indexed: they are neither found nor counted any more. */
  async #destroy(ledger: string, ranges: readonly IndexRange[]): Promise<void> {
    if (ranges.length === 0) return
    const destroyed = this.#destroyed.get(ledger) ?? new ErasedRanges()
    this.#destroyed.set(ledger, destroyed)
    destroyed.add(ranges)
    for (const range of await this.#indexedIn(ledger, ranges)) {
      const readable = await this.#read(ledger, range)
      const whole = readable.filter(({ personal }) => personal !== undefined)
      if (await this.#holdsOthers(ledger, range, whole)) return this.#reset(ledger)
      if (readable.length > 0 && !(await this.#deps.index.forgetEntries(ledger, readable)))
        return this.#reset(ledger)
    }
  }

  async #erasePersonal(ledger: string, ranges: readonly IndexRange[]): Promise<void> {
    if (ranges.length === 0) return
    const erased = this.#erased.get(ledger) ?? new ErasedRanges()
    this.#erased.set(ledger, erased)
    erased.add(ranges)
    // Many at once: some indexes write a whole part of theirs anew, however little of it is erased.
    let doomed: IndexedEntry[] = []
    for (const range of await this.#indexedIn(ledger, ranges)) {
      const entries = await this.#read(ledger, range)
      const readable = entries.filter(({ personal }) => personal !== undefined)
      if (await this.#holdsOthers(ledger, range, readable)) return this.#reset(ledger)
      doomed.push(...readable)
      if (doomed.length < ERASED_A_STEP) continue
      await this.#deps.index.eraseEntries(ledger, doomed)
      doomed = []
    }
    await this.#deps.index.eraseEntries(ledger, doomed)
  }

  /**
   * Once the content is destroyed: what another process has read of it before comes into the index no more, and what came there in between
   * is forgotten.
   */
  async eraseAgain(ledger: string, ranges: readonly IndexRange[]): Promise<void> {
    if (!this.#deps.sharesIndex) return // what was erased is known here, and nobody else indexes
    await this.#inTurn(async () => {
      await this.#deps.index.fence(ledger)
      for (const range of await this.#indexedIn(ledger, ranges))
        if (await this.#holdsOthers(ledger, range, [])) return this.#reset(ledger)
    })
  }

  /** The indexed part of ranges, in steps. */
  async #indexedIn(ledger: string, ranges: readonly IndexRange[]): Promise<readonly IndexRange[]> {
    const cursor = await this.#deps.index.cursor(ledger)
    const steps: IndexRange[] = []
    for (const { from: first, to: end } of ranges)
      for (let from = first; from < Math.min(end, cursor); from += ENTRIES_A_STEP)
        steps.push({ from, to: Math.min(end, cursor, from + ENTRIES_A_STEP) })
    return steps
  }

  /** Whether the index still holds something personal of other entries in the range than those that can be read. */
  async #holdsOthers(
    ledger: string,
    { from, to }: IndexRange,
    readable: readonly IndexedEntry[],
  ): Promise<boolean> {
    const known = new Set(readable.map(({ index }) => index))
    const personal = await this.#deps.index.personalIn(ledger, { from, to })
    return personal.some((index) => !known.has(index))
  }

  /** An index of more than there is outlived a restored ledger: it knows entries that are no more. */
  async forgetOutlived(ledger: string): Promise<void> {
    if (!this.#leads) return
    const cursor = await this.#deps.index.cursor(ledger)
    const size = (await this.#deps.ledgers.ledger(ledger))?.size ?? 0
    if (cursor > size) await this.rebuild(ledger)
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

/** Another indexer came first: what it changed is read anew. */
function isMoved(error: unknown): boolean {
  return error instanceof TrailproofError && error.code === 'HEAD_MOVED'
}

function isDamage(error: unknown): boolean {
  return error instanceof TrailproofError && error.code === 'DATA_DAMAGED'
}
