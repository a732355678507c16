/** The port for what changes: API keys, quarantined records and saved searches. Drivers: `store/sqlite`. */

export type Scope = 'ingest' | 'read' | 'admin'
export const SCOPES: readonly Scope[] = ['ingest', 'read', 'admin']

/** A key as stored: of the secret only its hash. */
export interface StoredKey {
  /** Shown to people and part of the token: 8 characters. */
  readonly prefix: string
  /** SHA-256 of the whole token, hex. */
  readonly hash: string
  readonly name: string
  /** The one ledger it opens; undefined: all of them. */
  readonly ledger: string | undefined
  readonly scopes: readonly Scope[]
  /** ms since 1970. */
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
}

/** A record that will never be valid as it is, kept for a person to look at. */
export interface QuarantinedRecord {
  /** UUIDv7; in the order of arrival. */
  readonly id: string
  readonly ledger: string
  /** ms since 1970. */
  readonly receivedAt: number
  /** Prefix of the key it came with. */
  readonly keyPrefix: string
  /** What is wrong with it, as told to the sender. */
  readonly problems: readonly unknown[]
  /** The text as received, after default masking where it could be read; at most 1 MiB. */
  readonly source: string
}

/** A query with a name. */
export interface SavedSearch {
  readonly ledger: string
  readonly name: string
  /** Prefix of the key that saved it. */
  readonly owner: string
  /** True: every reader of the ledger finds it. */
  readonly shared: boolean
  /** True: shown before the others. */
  readonly pinned: boolean
  readonly query: string
  readonly description: string
  /** ms since 1970. */
  readonly changedAt: number
}

/** All methods may be called concurrently; every change is durable when resolved. */
export interface Directory {
  keys(): Promise<readonly StoredKey[]>
  /** Rejects when the prefix is taken. */
  addKey(key: StoredKey): Promise<void>
  /** False when there is no such key or it was revoked before. */
  revokeKey(prefix: string, at: number): Promise<boolean>

  /** Adds records all together, or none and false when there would be more than `max` in all. */
  quarantine(records: readonly QuarantinedRecord[], max: number): Promise<boolean>
  /** Oldest first, after the given id. */
  quarantined(ledger: string, after: string | undefined, limit: number): Promise<readonly QuarantinedRecord[]>
  quarantinedRecord(id: string): Promise<QuarantinedRecord | undefined>
  /** Destroys a quarantined record; false when there is none. */
  discard(id: string): Promise<boolean>
  /** Of all ledgers together: what `max` is compared with. */
  quarantineSize(): Promise<number>
  quarantineSizeOf(ledger: string): Promise<number>

  savedSearches(): Promise<readonly SavedSearch[]>
  /** Adds it, or takes the place of the one with its ledger and name. */
  putSavedSearch(search: SavedSearch): Promise<void>
  /** Destroys it in every file; false when there is none. */
  deleteSavedSearch(ledger: string, name: string): Promise<boolean>

  [Symbol.asyncDispose](): Promise<void>
}
