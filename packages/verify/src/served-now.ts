/** Whether the ledger served now continues a tree that was signed before. */

import type { Checkpoint, VerifierKey } from '@trailproof/core'
import { equalBytes, openCheckpoint, TreeReader, verifyConsistency } from '@trailproof/core'
import type { EvidenceSource, Primitives } from './evidence.ts'

export type ServedNow =
  | { readonly kind: 'continues'; readonly size: number; readonly reader: TreeReader }
  | { readonly kind: 'forked'; readonly size: number; readonly reader: TreeReader }
  /** The served ledger contradicts its own signature, or what was signed is no longer in it. */
  | {
      readonly kind: 'broken'
      readonly step: 'missing' | 'tile'
      readonly index: number
      readonly detail: string
    }
  | { readonly kind: 'unknown'; readonly detail: string }

/** Both are signed, so a contradiction convicts. Rejects with what the source rejects with. */
export async function servedNow(
  source: EvidenceSource,
  then: Checkpoint,
  { sha256, verifyEd25519, verifierKeys }: Primitives & { readonly verifierKeys: readonly VerifierKey[] },
): Promise<ServedNow> {
  const now = openCheckpoint(await source.checkpoint(), verifierKeys, verifyEd25519)
  if (now.kind !== 'checkpoint' || now.origin !== then.origin)
    return { kind: 'unknown', detail: 'a checkpoint of the ledger served now that a known key signed' }
  const stored = source.storedSize ?? now.size
  if (now.size < then.size && stored < then.size) {
    const detail = `the newest ${then.size - stored} entries of the signed ledger are missing`
    return { kind: 'broken', step: 'missing', index: stored, detail }
  }
  // A directory's newest signature may lie apart from it: then the earlier one vouches for the end that it holds.
  const [first, second] = now.size < then.size ? [now, then] : [then, now]
  const { size, root } = second
  const reader = new TreeReader(sha256, size, (level, index, width) => source.readTile(level, index, width))
  if (!equalBytes(await reader.rootAt(), root)) {
    if (second === then) return { kind: 'forked', size: now.size, reader }
    const detail = 'the tiles served now do not give the root signed now'
    return { kind: 'broken', step: 'tile', index: 0, detail }
  }
  const proof = await reader.consistencyProof(first.size)
  const claim = { first: first.size, second: size, firstRoot: first.root, secondRoot: root, proof }
  return { kind: verifyConsistency(sha256, claim) ? 'continues' : 'forked', size, reader }
}
