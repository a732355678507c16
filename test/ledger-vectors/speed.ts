/**
 * How fast trees grow and ledgers are judged, each next to its budget:
 * `node --conditions=trailproof-source test/ledger-vectors/speed.ts`.
 */

import { leafHasher, TiledTree, TreeReader, verifyInclusion } from '@trailproof/core'
import type { EvidenceEntry, EvidenceGroup } from '@trailproof/verify'
import { verifyLedger } from '@trailproof/verify'
import { log, SampleLedger, sampleEntry, sha256, verifyEd25519 } from './sample-ledger.ts'

const COUNT = 200_000

/** As a database hands rows over: views into one buffer, about 500 bytes of content each. */
function entriesInOneBuffer(): EvidenceEntry[] {
  const memory = new Uint8Array(COUNT * 800)
  let at = 0
  const keep = (bytes: Uint8Array): Uint8Array => {
    memory.set(bytes, at)
    at += bytes.length
    return memory.subarray(at - bytes.length, at)
  }
  const keepGroup = (group: EvidenceGroup): EvidenceGroup =>
    group.kind === 'present' ? { ...group, bytes: keep(group.bytes), salt: keep(group.salt) } : group
  const text =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'
  return Array.from({ length: COUNT }, (_, i) => {
    const metadata = {
      amount: 1200 + i,
      currency: 'EUR',
      trace: `4bf92f3577b34da6a3ce929d${i}`,
      user_agent: text,
      invoice: [i, i + 1],
      note: text,
    }
    const { leaf, core, personal } = sampleEntry(i, { metadata })
    return { leaf: keep(leaf), core: keepGroup(core), personal: keepGroup(personal) }
  })
}

async function best(
  question: string,
  budget: number,
  count: number,
  run: () => Promise<unknown>,
): Promise<void> {
  let fastest = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    await run()
    fastest = Math.min(fastest, performance.now() - start)
  }
  const rate = Math.round((count / fastest) * 1000)
  console.log(`${question}: ${rate.toLocaleString('en')}/s (budget ${budget.toLocaleString('en')})`)
}

const entries = entriesInOneBuffer()
const ledger = new SampleLedger(0)
ledger.append(entries)
const options = { verifierKeys: [log.key], sha256, verifyEd25519 }

await best('leaves appended to a tree', 250_000, COUNT, async () => {
  const [tree, hash] = [TiledTree.empty(sha256), leafHasher(sha256)]
  for (const [i, { leaf }] of entries.entries()) {
    tree.append(hash(leaf))
    if (i % 1000 === 999) tree.takeChangedTiles()
  }
})
await best('inclusion proofs, each from a new reader', 500, 200, async () => {
  for (let i = 0; i < 200; i++)
    await new TreeReader(sha256, COUNT, (level, index) => ledger.readTile(level, index)).inclusionProof(
      i * 997,
    )
})
const reader = new TreeReader(sha256, COUNT, (level, index) => ledger.readTile(level, index))
await best('inclusion proofs, 1000 neighbours from one reader', 500, 1000, async () => {
  for (let i = 0; i < 1000; i++) await reader.inclusionProof(150_000 + i)
})
const [proof, leafHash, root] = [
  await reader.inclusionProof(5),
  await reader.leafHashAt(5),
  await reader.rootAt(),
]
await best('inclusion proofs judged', 500, 1000, async () => {
  for (let i = 0; i < 1000; i++)
    if (!verifyInclusion(sha256, { index: 5, size: COUNT, leafHash, proof, root }))
      throw new Error('not included')
})
const { core, personal } = entries[5]!
const bytes = [core, personal].reduce(
  (sum, group) => sum + (group.kind === 'present' ? group.bytes.length : 0),
  0,
)
await best(`entries judged with ${bytes} bytes of content`, 100_000, COUNT, () =>
  verifyLedger(ledger, options),
)
for (let i = 0; i < COUNT; i++)
  ledger.entries[i] = {
    leaf: ledger.entries[i]!.leaf,
    core: { kind: 'withheld' },
    personal: { kind: 'withheld' },
  }
await best('leaves judged with their tree', 200_000, COUNT, () => verifyLedger(ledger, options))
