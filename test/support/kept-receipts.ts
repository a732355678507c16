/** What clients were promised, held against what is on the disk. */
import { sha256 } from '@trailproof/server/ports'
import { verifyReceipt } from '@trailproof/verify'
import { expect } from 'vitest'
import type { ServerHome } from './server-process.ts'
import { openStoredLedger, rememberedSignatures, type StoredLedger } from './stored-ledger.ts'
import type { Answer, Receipt } from './test-server.ts'

/** Receipts without a proof that are also taken through `verifyReceipt`; the comparison by leaf covers all. */
const JUDGED_BY_LEDGER_MAX = 200

export interface KeptReceipt {
  readonly receipt: Receipt
  readonly checkpoint: string
}

export interface Kept {
  readonly entries: number
  readonly receipts: number
  readonly withProof: number
  readonly checkpoints: number
}

/** The receipts of an answer, after checking that it is a promise for each of the ids that were sent. */
export function keep(answer: Answer, ids: readonly string[], mayRepeat: boolean): readonly KeptReceipt[] {
  expect(answer.receipts.map(({ id }) => id)).toEqual(ids)
  for (const { status, index } of answer.receipts)
    if (status !== 'recorded' && (status !== 'duplicate' || !mayRepeat))
      throw new Error(`entry ${index}: ${status}${mayRepeat ? '' : ' at the first attempt'}`)
  return answer.receipts.map((receipt) => ({ receipt, checkpoint: answer.checkpoint }))
}

/**
 * Every acknowledged record is there once, at its receipt's index, with its leaf hash; every receipt
 * verifies; no id is there twice; all checkpoints that were handed out are of one history; and the ledger
 * is intact.
 */
export async function assertAllKept(
  home: ServerHome,
  kept: readonly KeptReceipt[],
  name = 'main',
): Promise<Kept> {
  await using ledger = await openStoredLedger(home, name)
  return await assertKeptIn(ledger, kept)
}

/** The same of a ledger that is open already. */
export async function assertKeptIn(ledger: StoredLedger, kept: readonly KeptReceipt[]): Promise<Kept> {
  const entries = await ledger.entries()
  const indexOf = new Map(entries.map(({ id }, index) => [id, index]))
  expect(indexOf.size, 'ids in the ledger, each once').toBe(entries.length)

  const acknowledged = new Map<string, number>()
  for (const { receipt } of kept) {
    const { id, index, leaf_hash } = receipt
    if (indexOf.get(id) !== index || entries[index]?.leafHash !== leaf_hash)
      throw new Error(
        `acknowledged ${JSON.stringify(receipt)}, found ${indexOf.get(id)}: ${JSON.stringify(entries[index])}`,
      )
    acknowledged.set(id, index)
  }

  const checkpoints = [...new Set(kept.map(({ checkpoint }) => checkpoint))]
  const report = await ledger.verify(checkpoints)
  expect(report, 'the whole ledger').toMatchObject({ verdict: 'intact', size: entries.length })
  await judgeReceipts(kept, ledger)
  return {
    entries: entries.length,
    receipts: acknowledged.size,
    withProof: kept.filter(({ receipt }) => receipt.proof).length,
    checkpoints: checkpoints.length,
  }
}

async function judgeReceipts(kept: readonly KeptReceipt[], ledger: StoredLedger): Promise<void> {
  const verifyEd25519 = rememberedSignatures()
  const options = { verifierKeys: [ledger.verifierKey], sha256, verifyEd25519 }
  const bare = kept.filter(({ receipt }) => !receipt.proof)
  const every = Math.ceil(bare.length / JUDGED_BY_LEDGER_MAX)
  for (const { receipt, checkpoint } of kept.filter(({ receipt: { proof } }) => proof)) {
    const report = await verifyReceipt(receipt, { ...options, checkpoint })
    if (report.verdict !== 'intact') throw new Error(JSON.stringify({ receipt, report }))
  }
  for (const { receipt, checkpoint } of bare.filter((_, i) => i % every === 0)) {
    // Without its leaf a receipt says nothing of the id by itself; the ledger has the leaf.
    const leaf = await ledger.reader.readLeaves(ledger.name, receipt.index, 1)
    const whole = { ...receipt, leaf: Buffer.from(leaf).toString('base64') }
    const report = await verifyReceipt(whole, { ...options, checkpoint, source: ledger.source })
    if (report.verdict !== 'intact') throw new Error(JSON.stringify({ receipt, report }))
  }
}
