/** What a verdict rests on: where checkpoint, tiles and entries are read from, and the primitives that judge them. */

import type { Sha256, VerifyEd25519 } from '@trailproof/core'

/** A group's exact bytes and its 16-byte salt, or why there are none. */
export type EvidenceGroup =
  | { readonly kind: 'present'; readonly bytes: Uint8Array; readonly salt: Uint8Array }
  /** Destroyed; an erasure entry of the same ledger, or of its successor, must say by whose authority. */
  | { readonly kind: 'erased' }
  /** Exists, but this source does not show it. */
  | { readonly kind: 'withheld' }

export interface EvidenceEntry {
  /** 89 bytes. */
  readonly leaf: Uint8Array
  readonly core: EvidenceGroup
  readonly personal: EvidenceGroup
}

/**
 * A directory, a server, an export. It is not trusted: it may answer anything. Rejecting means "could not be
 * read" and makes the verdict `unproven`; an empty answer means "is not there" and makes it `broken`.
 */
export interface EvidenceSource {
  /** Entries that it holds in all, when it says so: those behind its checkpoint are not signed there. */
  readonly storedSize?: number
  /** The signed note. */
  checkpoint(): Promise<string>
  /** At least `width` hashes of 32 bytes; `width` is what the tile holds at the checkpoint's size. */
  readTile(level: number, index: number, width: number): Promise<Uint8Array>
  /** Entries from index `from` on, in order: one to `count` of them, fewer than `count` when convenient. */
  readEntries(from: number, count: number): Promise<readonly EvidenceEntry[]>
}

export interface Primitives {
  readonly sha256: Sha256
  readonly verifyEd25519: VerifyEd25519
}

/** The part of AbortSignal that is used, so that no runtime's types are needed. */
export interface Cancellation {
  throwIfAborted(): void
}
