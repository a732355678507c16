import type { TiledTree } from '@trailproof/core'

/** A ledger owned by this process: what the sequencer must know to extend it without reading anything. */
export interface OwnedLedger {
  readonly name: string
  readonly epoch: number
  readonly tree: TiledTree
  readonly dedupeKey: Uint8Array
  /** µs; never decreases from entry to entry. */
  lastRecordedAt: number
  /** The newest signed checkpoint. */
  checkpoint: string
  /** Signs a checkpoint of this ledger. */
  sign(size: number, root: Uint8Array): string
}
