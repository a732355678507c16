/** The port that keeps the append-only ledgers. Drivers: `store/sqlite`. */

/** Entries per full block of content and per full tile (C2SP tlog-tiles). */
export const BLOCK_ENTRIES = 256

/** Whether a ledger takes records. Once it does not, it never does again. */
export type LedgerStanding =
  | { readonly kind: 'open' }
  /** By a succession, and what follows it. */
  | { readonly kind: 'closed'; readonly successor: string }
  /** Nothing follows it; nothing but what it wrote of itself is left. */
  | { readonly kind: 'deleted' }

export type ClosedStanding = Exclude<LedgerStanding, { readonly kind: 'open' }>

/** The fixed facts and the head of one ledger. */
export interface LedgerState {
  readonly name: string
  /** Checkpoint origin, fixed when the ledger is made. */
  readonly origin: string
  readonly size: number
  /** RFC 6962 root at `size`, 32 bytes. */
  readonly root: Uint8Array
  /** `recorded_at` of the newest entry in µs since 1970, 0 when empty. */
  readonly lastRecordedAt: number
  /** Fencing number: raised by whoever takes over writing; an append under an older one is refused. */
  readonly epoch: number
  /** Key of the sameness digests, 32 bytes; never rotates. */
  readonly dedupeKey: Uint8Array
  /** Key of the ids made from foreign ids, 32 bytes; never rotates. */
  readonly idKey: Uint8Array
  /** A signed checkpoint at or below `size`, kept for readers that have no lock; '' when none yet. */
  readonly checkpoint: string
  readonly standing: LedgerStanding
}

export interface NewLedger {
  readonly name: string
  readonly origin: string
  readonly dedupeKey: Uint8Array
  readonly idKey: Uint8Array
}

/** One record with its place: everything that is stored about it. */
export interface SealedEntry {
  /** 16 bytes. */
  readonly id: Uint8Array
  /** 89 bytes. */
  readonly leaf: Uint8Array
  /** First 16 bytes of the keyed hash of the content as sent. */
  readonly digest: Uint8Array
  /** 16 bytes. */
  readonly coreSalt: Uint8Array
  readonly core: Uint8Array
  readonly personalSalt: Uint8Array
  readonly personal: Uint8Array
}

interface TileWrite {
  /** 1 or more; level 0 is made from the leaves. */
  readonly level: number
  readonly index: number
  /** `width` × 32 bytes. */
  readonly hashes: Uint8Array
}

export interface SealedBatch {
  readonly ledger: string
  /** The head this batch follows; it must be the stored one. */
  readonly after: { readonly size: number; readonly epoch: number }
  readonly head: { readonly size: number; readonly root: Uint8Array; readonly lastRecordedAt: number }
  readonly entries: readonly SealedEntry[]
  readonly tiles: readonly TileWrite[]
  /** The signed checkpoint of an earlier head, to be kept with the data. */
  readonly checkpoint: string
}

/** A group of an entry as stored: its exact bytes and salt, or gone. */
export type StoredGroup =
  | { readonly kind: 'present'; readonly bytes: Uint8Array; readonly salt: Uint8Array }
  | { readonly kind: 'erased' }

export interface StoredEntry {
  readonly index: number
  readonly leaf: Uint8Array
  readonly core: StoredGroup
  readonly personal: StoredGroup
}

/** Where an id stands; `digest` is undefined once its entry was erased. */
export interface KnownRecord {
  readonly index: number
  readonly digest: Uint8Array | undefined
}

/** Half-open range of entry indexes. */
export interface IndexRange {
  readonly from: number
  readonly to: number
}

/** What is erased of entries. */
export interface ErasedRange extends IndexRange {
  /** The core group too: nothing but leaf and id is left. Default: the personal group alone. */
  readonly groups?: 'both'
}

/** Reads committed entries; each call sees at least everything committed before it began. */
export interface LedgerReader {
  ledgers(): Promise<readonly LedgerState[]>
  /** Undefined when there is no such ledger. */
  ledger(name: string): Promise<LedgerState | undefined>
  /** Where each id stands, in the order asked; undefined where it is not known. `ids` holds 16 bytes each. */
  findRecords(ledger: string, ids: Uint8Array): Promise<readonly (KnownRecord | undefined)[]>
  /** Entries from `from` on, at most `count` and at most up to the end of one block of 256. */
  readEntries(ledger: string, from: number, count: number): Promise<readonly StoredEntry[]>
  /** Leaves (89 bytes each) from `from` on, at most `count` and at most up to the end of one block of 256. */
  readLeaves(ledger: string, from: number, count: number): Promise<Uint8Array>
  /** At least `width` hashes (32 bytes each) of a tile; rejects with ENTRY_UNKNOWN when there are fewer. */
  readTile(ledger: string, level: number, index: number, width: number): Promise<Uint8Array>
}

/**
 * Keeps the append-only ledgers. All methods may be called concurrently; `append` and `erase` by one
 * writer at a time, which `epoch` enforces.
 */
export interface LedgerStore extends LedgerReader {
  /** Makes an empty ledger, durable when resolved; rejects with LEDGER_EXISTS. */
  createLedger(ledger: NewLedger): Promise<void>
  /** Raises the epoch of a ledger and returns its state: older writers can no longer append. */
  takeOver(ledger: string): Promise<LedgerState>
  /**
   * Commits entries and new heads of all batches together or not at all; durable once resolved.
   * Rejects with HEAD_MOVED when a `batch.after` is not the stored head and nothing is stored;
   * with OUTCOME_UNKNOWN when the commit may or may not have happened. Does not retry.
   */
  append(batches: readonly SealedBatch[]): Promise<void>
  /** Keeps a signed checkpoint with the data; durable when resolved. */
  keepCheckpoint(ledger: string, checkpoint: string): Promise<void>
  /**
   * Destroys the personal group (content and salt; of some ranges the core group too) and the digests of the entries in `ranges`, so that
   * nothing of them is left in the files; idempotent; durable when resolved. Leaves and ids stay.
   */
  erase(ledger: string, ranges: readonly ErasedRange[]): Promise<void>
  /**
   * Closes a ledger for ever: appends reject. Rejects with HEAD_MOVED, and changes nothing, where `after` is not the stored head: what
   * is last in it is what the caller has seen. Once more, it is as closed as before.
   */
  close(ledger: string, standing: ClosedStanding, after: SealedBatch['after']): Promise<void>
  /** Bytes this store occupies. */
  bytes(): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}
