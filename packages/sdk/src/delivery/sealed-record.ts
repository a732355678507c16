/** A record as it leaves the process: masked, chained, encoded. Nothing changes it afterwards. */

/**
 * How sure the host wants to be before it goes on.
 * - `async`: the record waits in memory, bounded; a crash loses what waits
 * - `disk`: the record is in the spool first; it survives the process and an outage of the server
 * - `ack`: the server's receipt comes first, within a bound
 */
export type DeliveryMode = 'async' | 'disk' | 'ack'

export interface SealedRecord {
  /** UUIDv7: the idempotency key, for ever. */
  readonly id: string
  readonly kind: 'trail' | 'event' | 'log'
  /** Its number in the stream of this process. */
  readonly seq: number
  /** Canonical JSON (RFC 8785), one line without its newline. */
  readonly line: string
}
