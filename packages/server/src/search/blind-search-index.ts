/** A search index that learns nothing personal but keyed hashes, whichever driver keeps it (docs/encryption.md). */

import type { ContentKeys } from '../keyring/content-keys.ts'
import type { IndexRange } from '../ledger/ledger-store.ts'
import type { TrailproofError } from '../trailproof-error.ts'
import { assertAnswerable, blindFilter, isPersonalField } from './blind-filter.ts'
import { blinded } from './blind-terms.ts'
import type { Deadline } from './deadline.ts'
import type {
  CandidatePage,
  CandidateRequest,
  IndexedEntry,
  SearchIndex,
  Tally,
  TallyRequest,
} from './search-index.ts'
import { fieldsOf } from './tally-cells.ts'

/** What follows the name of a ledger in the driver: what it has indexed in clear before is not mixed with it. */
const ENDING = '.blind'

/** How a ledger is known to the driver; without a key it is not encrypted, and indexed in clear. */
interface Known {
  readonly name: string
  readonly key: Uint8Array | undefined
}

export interface BlindSearchIndexOptions {
  readonly keys: ContentKeys
  /** True: what is indexed of a ledger in clear is dropped, once it is encrypted. */
  readonly indexes: boolean
}

export class BlindSearchIndex implements SearchIndex {
  readonly #inner: SearchIndex
  readonly #options: BlindSearchIndexOptions
  readonly #known = new Map<string, Promise<Known>>()

  constructor(inner: SearchIndex, options: BlindSearchIndexOptions) {
    this.#inner = inner
    this.#options = options
  }

  /** 0 as well for a ledger whose keys cannot be had: nothing of it can be read now, and the others go on. */
  async cursor(ledger: string): Promise<number> {
    try {
      return await this.#inner.cursor((await this.#of(ledger)).name)
    } catch (error) {
      const { code } = error as Partial<TrailproofError>
      if (code === 'KEY_MISSING' || code === 'KEY_RING_UNAVAILABLE') return 0
      throw error
    }
  }

  async apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void> {
    const known = await this.#of(ledger)
    await this.#inner.apply(known.name, entries.map(blindedBy(known)), cursor)
  }

  async eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    const known = await this.#of(ledger)
    await this.#inner.eraseEntries(known.name, entries.map(blindedBy(known)))
  }

  async forgetEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<boolean> {
    const known = await this.#of(ledger)
    return this.#inner.forgetEntries(known.name, entries.map(blindedBy(known)))
  }

  async fence(ledger: string): Promise<void> {
    await this.#inner.fence((await this.#of(ledger)).name)
  }

  async personalIn(ledger: string, range: IndexRange): Promise<readonly number[]> {
    return this.#inner.personalIn((await this.#of(ledger)).name, range)
  }

  async candidates(request: CandidateRequest, deadline: Deadline): Promise<CandidatePage> {
    const { key, name } = await this.#of(request.ledger)
    if (key === undefined) return this.#inner.candidates(request, deadline)
    assertAnswerable(request.filter)
    const { filter, exact } = blindFilter(key, request.filter)
    const page = await this.#inner.candidates({ ...request, ledger: name, filter }, deadline)
    return exact ? page : { ...page, exact: false }
  }

  /** Values of personal fields can only be counted from the records. */
  async tally(request: TallyRequest, deadline: Deadline): Promise<Tally | undefined> {
    const { key, name } = await this.#of(request.ledger)
    if (key === undefined) return this.#inner.tally(request, deadline)
    assertAnswerable(request.filter)
    const { filter, exact } = blindFilter(key, request.filter)
    if (!exact || request.by.flatMap(fieldsOf).some(isPersonalField)) return undefined
    return this.#inner.tally({ ...request, ledger: name, filter }, deadline)
  }

  async timeRange(
    ledger: string,
    within?: { fromMs: number; toMs: number },
  ): Promise<{ fromMs: number; toMs: number } | undefined> {
    return this.#inner.timeRange((await this.#of(ledger)).name, within)
  }

  async explain(request: Pick<CandidateRequest, 'ledger' | 'filter' | 'nowMs'>): Promise<readonly string[]> {
    const { key, name } = await this.#of(request.ledger)
    if (key === undefined) return this.#inner.explain(request)
    assertAnswerable(request.filter)
    const { filter } = blindFilter(key, request.filter)
    return this.#inner.explain({ ...request, ledger: name, filter })
  }

  async reset(ledger: string): Promise<void> {
    await this.#inner.reset((await this.#of(ledger)).name)
  }

  #of(ledger: string): Promise<Known> {
    const known = this.#known.get(ledger)
    if (known !== undefined) return known
    const found = this.#find(ledger)
    this.#known.set(ledger, found)
    found.catch(() => this.#known.delete(ledger))
    return found
  }

  async #find(ledger: string): Promise<Known> {
    const key = await this.#options.keys.indexKey(ledger)
    if (key === undefined) return { name: ledger, key }
    if (this.#options.indexes && (await this.#inner.cursor(ledger)) > 0) await this.#inner.reset(ledger)
    return { name: ledger + ENDING, key }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]()
  }
}

function blindedBy({ key }: Known): (entry: IndexedEntry) => IndexedEntry {
  return key === undefined ? (entry) => entry : (entry) => blinded(key, entry)
}
