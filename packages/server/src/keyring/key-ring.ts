/** The port that keeps master keys: it wraps the data keys of ledgers, and no content ever reaches it. */

/** A data key as it may be stored: only who has the master key gets it back. */
export interface WrappedKey {
  /** The master key that wrapped it, such as `file:1f0c…` or `vault:transit/keys/audit:v2`; no secret. */
  readonly masterKey: string
  /** What the driver made of it; printable, without spaces. */
  readonly text: string
}

/** What a data key is for, bound to it: a wrapped key that was moved to another place does not unwrap. */
export type KeyContext = Readonly<Record<string, string>>

/**
 * Wraps and unwraps keys of 32 bytes. All methods may be called concurrently. A driver that asks over a network retries
 * by itself, within bounds; then it rejects with KEY_RING_UNAVAILABLE, which is retryable.
 */
export interface KeyRing {
  /** Under the newest master key. */
  wrap(dataKey: Uint8Array, context: KeyContext): Promise<WrappedKey>
  /**
   * Under the master key that wrapped it, which need not be the newest. Rejects with KEY_MISSING, saying what to do, when
   * that key is not there, or `wrapped` or `context` is not what was wrapped.
   */
  unwrap(wrapped: WrappedKey, context: KeyContext): Promise<Uint8Array>
}

/** The same text for the same context, whatever the order of its names. */
export function contextText(context: KeyContext): string {
  return JSON.stringify(Object.entries(context).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
