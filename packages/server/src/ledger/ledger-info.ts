/** A ledger as the rest of the server knows it. */
import { readCheckpoint } from '@trailproof/core'
import type { LedgerState } from './ledger-store.ts'

export interface LedgerInfo {
  readonly name: string
  readonly origin: string
  /** '' where its key is not at hand. */
  readonly verifierKey: string
  readonly size: number
  readonly checkpoint: string
  readonly dedupeKey: Uint8Array
  readonly idKey: Uint8Array
  readonly state:
    | { readonly kind: 'open' }
    | { readonly kind: 'closed'; readonly successor: string }
    | { readonly kind: 'blocked'; readonly reason: string }
}

/** What a process knows that only reads the store: as much of the ledger as a checkpoint is kept of, and all of one that is closed, as it was found. */
export function followedLedger(state: LedgerState): LedgerInfo {
  const { name, origin, size, checkpoint, dedupeKey, idKey, successor } = state
  return {
    name,
    origin,
    verifierKey: '',
    size: successor === undefined ? checkpointSize(checkpoint) : size,
    checkpoint,
    dedupeKey,
    idKey,
    state: successor === undefined ? { kind: 'open' } : { kind: 'closed', successor },
  }
}

/** 0 for what is no checkpoint. */
export function checkpointSize(checkpoint: string): number {
  const read = readCheckpoint(checkpoint)
  return read.kind === 'checkpoint' ? read.size : 0
}
