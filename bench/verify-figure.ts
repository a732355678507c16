/** How fast a ledger is verified from its directory, content and all, on one core. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { formatVerifierKey, parseVerifierKey } from '@trailproof/core'
import { LedgerKeys, SqliteLedgerReader, sha256, verifyEd25519 } from '@trailproof/server/ports'
import { verifyLedger } from '@trailproof/verify'

export async function measureVerify(root: string): Promise<number> {
  await using reader = SqliteLedgerReader.open(
    join(root, 'data', readdirSync(join(root, 'data')).find((name) => name === 'ledger.db')!),
  )
  const { checkpoint, origin } = (await reader.ledger('main'))!
  const vkey = parseVerifierKey(
    formatVerifierKey(new LedgerKeys(join(root, 'keys')).open('main', origin).key),
    sha256,
  )
  if (vkey.kind === 'problem') throw new Error(vkey.problem)
  const started = performance.now()
  const report = await verifyLedger(
    {
      checkpoint: async () => checkpoint,
      readTile: (...tile) => reader.readTile('main', ...tile),
      readEntries: (from, count) => reader.readEntries('main', from, count),
    },
    { verifierKeys: [vkey.key], sha256, verifyEd25519 },
  )
  if (report.verdict !== 'intact') throw new Error(JSON.stringify(report))
  return report.size / ((performance.now() - started) / 1000)
}
