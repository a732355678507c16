/** The codes of faults that callers can tell apart. */
export type ErrorCode =
  | 'HEAD_MOVED' // another writer extended the ledger: this one must stop
  | 'OUTCOME_UNKNOWN' // sent to the store, no answer: re-read the head before anything else
  | 'LEDGER_UNKNOWN'
  | 'LEDGER_EXISTS'
  | 'LEDGER_CLOSED'
  | 'ENTRY_UNKNOWN'
  | 'OVERLOADED' // a queue is at its bound: try again
  | 'DISK_RESERVE' // the disk reserve is reached: try again when space is back
  | 'STOPPING' // shutting down
  | 'DATA_BEHIND_LOCK' // a restored backup or copied disk
  | 'LOCK_MISSING'
  | 'LOCK_HELD' // another process uses the same data or keys
  | 'DATA_DAMAGED'
  | 'NOT_ERASABLE'
  | 'BAD_SETTING'
  | 'BAD_REQUEST'
  | 'INDEX_BEHIND' // what was asked for is not indexed yet

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
