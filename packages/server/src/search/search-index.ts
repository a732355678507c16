/** The port that finds entries by their fields. Everything in it can be rebuilt from the ledger. */

/** What the index keeps of one entry. Texts are as in the record. */
export interface IndexedEntry {
  readonly index: number
  readonly recordedAt: number
  /** The core group's record fields, parsed. */
  readonly core: Readonly<Record<string, unknown>>
  /** The personal group's fields, parsed; undefined when erased. */
  readonly personal: Readonly<Record<string, unknown>> | undefined
}

/** A field that can be searched for equality or, with `prefix`, for its beginning. */
export type SearchField =
  | 'id'
  | 'kind'
  | 'service'
  | 'environment'
  | 'action'
  | 'outcome'
  | 'severity'
  | 'actor'
  | 'actor_type'
  | 'target'
  | 'target_type'
  | 'trace_id'
  | 'request_id'
  | 'session_id'
  | 'ip'

export interface SearchCondition {
  readonly field: SearchField
  readonly value: string
  /** True: the field begins with `value`. */
  readonly prefix: boolean
}

export interface SearchQuery {
  /** All of them must hold. */
  readonly conditions: readonly SearchCondition[]
  /** Bounds on the producer's `timestamp`, ms since 1970; `to` is exclusive. */
  readonly fromMs?: number
  readonly toMs?: number
}

export interface SearchPageRequest {
  readonly ledger: string
  readonly query: SearchQuery
  /** Newest first, below this index; undefined: from the newest. */
  readonly before?: number
  /** Oldest first, from this index on. Excludes `before`. */
  readonly from?: number
  readonly limit: number
}

export interface SearchPage {
  /** Indexes of the entries found, in the order asked for. */
  readonly indexes: readonly number[]
  /** Size of the ledger up to which the index had read when it answered. */
  readonly indexedSize: number
}

/** All methods may be called concurrently; `apply` and `reset` by one indexer. */
export interface SearchIndex {
  /** How far the ledger has been indexed; 0 when not at all. */
  cursor(ledger: string): Promise<number>
  /**
   * Indexes entries and moves the cursor to `cursor`, together or not at all. Applying the same entries
   * again changes nothing. Entries below the cursor are ignored.
   */
  apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void>
  /**
   * Forgets the personal fields of entries, in every file; `entries` are as they were indexed, personal
   * group included. Entries already forgotten are passed over.
   */
  eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void>
  /** Whether anything personal of an entry may still be in the index. */
  holdsPersonal(ledger: string, index: number): Promise<boolean>
  search(request: SearchPageRequest): Promise<SearchPage>
  /** Drops everything known of a ledger, cursor included; a driver may drop other ledgers with it. */
  reset(ledger: string): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
