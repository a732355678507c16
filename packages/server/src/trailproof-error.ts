/** The codes of faults that callers can tell apart. */
export type ErrorCode =
  | 'HEAD_MOVED' // another writer extended the ledger: this one must stop
  | 'OUTCOME_UNKNOWN' // sent to the store, no answer: re-read the head before anything else
  | 'LEDGER_UNKNOWN'
  | 'LEDGER_EXISTS'
  | 'LEDGER_CLOSED'
  | 'ENTRY_UNKNOWN'
  | 'OVERLOADED' // a queue is at its bound: try again
  | 'RATE_LIMITED' // more in a time than a setting allows: come again in a moment
  | 'DISK_RESERVE' // the disk reserve is reached: try again when space is back
  | 'STOPPING' // shutting down
  | 'BROKER_UNAVAILABLE' // the broker between receivers and sequencers, or what is behind it: try again
  | 'STORE_UNAVAILABLE' // the database cannot be reached: try again
  | 'STORE_REFUSED' // what the database or the index was asked is nothing it does: a defect here, or a strange version
  | 'DATA_BEHIND_LOCK' // a restored backup or copied disk
  | 'LOCK_MISSING'
  | 'LOCK_HELD' // another process uses the same data or keys
  | 'DATA_DAMAGED'
  | 'KEY_MISSING' // a key that opens what is stored is not there, or is another one
  | 'KEY_RING_UNAVAILABLE' // who keeps the master key cannot be reached, or refuses: try again
  | 'NOT_ERASABLE'
  | 'HELD' // a legal hold keeps it
  | 'HOLD_BEGAN' // since the holds were looked at: look again
  | 'BAD_SETTING'
  | 'BAD_REQUEST'
  | 'FIELD_ENCRYPTED' // the index knows no more of it than a keyed hash
  | 'INDEX_BEHIND' // what was asked for is not indexed yet
  | 'NOT_ITS_ROLE' // another server of the cluster does that
  | 'MIGRATION_REFUSED' // it would destroy evidence, or others depend on it

/** A foreseen fault of the world outside, with a code for callers and text for people. */
export class TrailproofError extends Error {
  readonly code: ErrorCode
  /** True when the same call may succeed later, unchanged. */
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'TrailproofError'
    this.code = code
    this.retryable = options.retryable ?? false
  }
}
