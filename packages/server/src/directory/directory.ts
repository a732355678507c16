/**
 * The port for what changes: API keys, people, roles, quarantined records, saved searches, leases, approvals, legal holds and
 * retention. Drivers: `store/sqlite`, `store/postgres`.
 */
import type { ApprovalStore } from '../approvals/approval-store.ts'
import type { HoldStore } from '../holds/hold-store.ts'
import type { RetentionStore } from '../retention/retention-store.ts'
import type { Identities } from './identities.ts'

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
  /** What it may, beside its roles. */
  readonly scopes: readonly Scope[]
  /** Names of roles; one that there is not allows nothing. */
  readonly roles: readonly string[]
  /** What conditions of roles ask for as `caller.teams`. */
  readonly teams: readonly string[]
  /** ms since 1970. */
  readonly createdAt: number
  /** The id of the caller who made it, of a key that was rotated the first one's maker; undefined: nobody knows. */
  readonly createdBy: string | undefined
  /** The id of the caller who was given this token in the place of another one; undefined: it took no other's place. */
  readonly rotatedBy: string | undefined
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
  /** To the day, and written after a while; undefined: never, as far as is known. */
  readonly lastUsedAt?: number | undefined
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

/** A role that was made, not one that is built in. */
export interface StoredRole {
  readonly name: string
  readonly description: string
  /** Names of permissions. */
  readonly permissions: readonly string[]
  /** In CEL; undefined: every record. */
  readonly rows: string | undefined
  /** Canonical names of fields. */
  readonly hidden: readonly string[]
  /** ms since 1970. */
  readonly changedAt: number
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

/** The right to do what only one process may do at a time. */
export interface Lease {
  /** Fencing number: higher whenever the lease was free or changed hands. What is done under a lower one is to be refused. */
  readonly epoch: number
}

/** All methods may be called concurrently; every change is durable when resolved. */
export interface Directory extends ApprovalStore, HoldStore, RetentionStore {
  keys(): Promise<readonly StoredKey[]>
  /** Rejects when the prefix is taken. */
  addKey(key: StoredKey): Promise<void>
  /** False when there is no such key or it was revoked before. */
  revokeKey(prefix: string, at: number): Promise<boolean>
  /** Its end is at the latest then; false when there is no such key, or it was revoked. */
  endKey(prefix: string, at: number): Promise<boolean>
  markKeysUsed(prefixes: readonly string[], at: number): Promise<void>

  readonly identities: Identities

  roles(): Promise<readonly StoredRole[]>
  /** Adds it, or takes the place of the one with its name. */
  putRole(role: StoredRole): Promise<void>
  /** False when there is none. */
  deleteRole(name: string): Promise<boolean>

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

  /**
   * Takes the lease when it is free or its time is over; the holder itself gets the same epoch and more time. Undefined
   * while another holds it. `holder` names one start of one process. `now`: ms since 1970; a driver whose database has
   * a clock that all holders share goes by that one.
   */
  acquireLease(name: string, holder: string, ttlMs: number, now: number): Promise<Lease | undefined>
  /** Gives the holder `ttlMs` more from now. False once the time is over or another has it: stop what you do under it. */
  renewLease(name: string, holder: string, epoch: number, ttlMs: number, now: number): Promise<boolean>
  /** Ends the lease at once; false when it was no longer held. */
  releaseLease(name: string, holder: string, epoch: number): Promise<boolean>

  [Symbol.asyncDispose](): Promise<void>
}
