/** A ledger as the rest of the server knows it. */
import { readCheckpoint } from '@trailproof/core'
import { TrailproofError } from '../trailproof-error.ts'
import type { LedgerStanding, LedgerState } from './ledger-store.ts'

export interface LedgerInfo {
  readonly name: string
  readonly origin: string
  /** '' where its key is not at hand. */
  readonly verifierKey: string
  readonly size: number
  readonly checkpoint: string
  readonly dedupeKey: Uint8Array
  readonly idKey: Uint8Array
  readonly state: LedgerStanding | { readonly kind: 'blocked'; readonly reason: string }
}

/** What whoever wants to write to it is told. */
export function wasDeleted(ledger: string): TrailproofError {
  return new TrailproofError('LEDGER_CLOSED', `ledger ${ledger} was deleted: it takes no records`)
}

/** What a process knows that only reads the store: as much of the ledger as a checkpoint is kept of, and all of one that is closed, as it was found. */
export function followedLedger(state: LedgerState): LedgerInfo {
  const { name, origin, size, checkpoint, dedupeKey, idKey, standing } = state
  return {
    name,
    origin,
    verifierKey: '',
    size: standing.kind === 'open' ? checkpointSize(checkpoint) : size,
    checkpoint,
    dedupeKey,
    idKey,
    state: standing,
  }
}

/** 0 for what is no checkpoint. */
export function checkpointSize(checkpoint: string): number {
  const read = readCheckpoint(checkpoint)
  return read.kind === 'checkpoint' ? read.size : 0
}
