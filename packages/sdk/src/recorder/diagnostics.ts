/**
 * What the SDK has to say about itself: counters, and events on the diagnostics channel `trailproof:diagnostics`.
 * Nothing here throws, whatever a subscriber does.
 */
import { channel } from 'node:diagnostics_channel'

/** Why a record, or a part of one, did not get through. */
export const DROP_REASONS = [
  /** More waiting than `queueRecordsMax` or `queueBytesMax`. */
  'queue_full',
  /** The spool holds `spoolBytesMax`. */
  'spool_full',
  /** The spool's disk refused: full, read-only, gone. */
  'spool_failed',
  /** A spooled record was damaged on disk. */
  'spool_damaged',
  /** The server will never take it. */
  'refused',
  /** The sink failed in a way that trying again does not mend. */
  'sink_failed',
  /** The process ended, or the deadline of close() passed, before it was sent. */
  'closed',
  /** The record could not be made: a fault of the SDK itself. */
  'internal',
] as const
export type DropReason = (typeof DROP_REASONS)[number]

export type Diagnostic =
  | {
      readonly kind: 'dropped'
      readonly reason: DropReason
      readonly records: number
      readonly error?: unknown
    }
  /** Something outside failed; nothing is lost yet. */
  | {
      readonly kind: 'retrying'
      readonly sink: string
      readonly attempt: number
      readonly delayMs: number
      readonly error: unknown
    }
  | { readonly kind: 'recovered'; readonly sink: string; readonly attempts: number }
  /** A fault inside the SDK, contained. */
  | { readonly kind: 'fault'; readonly where: string; readonly error: unknown }
  /** A library of a version that the automatic mode does not know, and so does not touch. */
  | { readonly kind: 'left_alone'; readonly library: string; readonly version: string }
  /** Something tried to change a trail that was finished. */
  | { readonly kind: 'late'; readonly method: string; readonly traceId: string }
  /** An `ack` or `disk` delivery did not succeed in time; the policy decided. */
  | {
      readonly kind: 'undelivered'
      readonly mode: 'disk' | 'ack'
      readonly policy: 'fail' | 'spool' | 'pass'
      readonly error: unknown
    }

export const DIAGNOSTICS_CHANNEL = 'trailproof:diagnostics'

const diagnostics = channel(DIAGNOSTICS_CHANNEL)

/** Tells whoever listens; costs nothing when nobody does. */
export function report(diagnostic: Diagnostic): void {
  if (!diagnostics.hasSubscribers) return
  try {
    diagnostics.publish(diagnostic)
  } catch {
    // Node reports a subscriber's error as uncaught by itself; what else might throw here is none of the host's faults.
  }
}
