/** Batches for a LedgerStore, with a real tree beside them. */
import { randomBytes } from 'node:crypto'
import { commitment, encodeLeaf, leafHash, TiledTree } from '@trailproof/core'
import { type SealedBatch, type SealedEntry, sha256 } from '@trailproof/server/ports'

export interface BatchSource {
  readonly tree: TiledTree
  /** The next `count` entries; `epoch` as the store gave it. */
  next(count: number, epoch: number): SealedBatch
  /** All entries handed out so far. */
  readonly entries: SealedEntry[]
}

export function batchSource(ledger: string): BatchSource {
  const tree = TiledTree.empty(sha256)
  const entries: SealedEntry[] = []
  let recordedAt = 1_700_000_000_000_000
  return {
    tree,
    entries,
    next(count, epoch) {
      const after = tree.size
      recordedAt += 1000
      const added = Array.from({ length: count }, (_, i) => sealedEntry(after + i, recordedAt))
      for (const { leaf } of added) tree.append(leafHash(sha256, leaf))
      entries.push(...added)
      return {
        ledger,
        after: { size: after, epoch },
        head: { size: tree.size, root: tree.root(), lastRecordedAt: recordedAt },
        entries: added,
        tiles: tree.takeChangedTiles().filter(({ level }) => level > 0),
        checkpoint: `checkpoint at ${after}`,
      }
    },
  }
}

function sealedEntry(index: number, recordedAtUs: number): SealedEntry {
  const id = new Uint8Array(randomBytes(16))
  // Like no other content on the same database server, so that it can be looked for.
  const own = Buffer.from(id).toString('hex')
  const core = Buffer.from(JSON.stringify({ action: 'order.created', id: own }))
  const personal = Buffer.from(JSON.stringify({ actor: { id: `secret-person-${index}-${own}` } }))
  const coreSalt = new Uint8Array(randomBytes(16))
  const personalSalt = new Uint8Array(randomBytes(16))
  const leaf = encodeLeaf({
    id,
    recordedAtUs,
    core: commitment(sha256, 'core', coreSalt, core),
    personal: commitment(sha256, 'personal', personalSalt, personal),
  })
  return { id, leaf, digest: new Uint8Array(randomBytes(16)), coreSalt, core, personalSalt, personal }
}
