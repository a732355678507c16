import { decodeLeaf, encodeBase64, encodeUuid, leafHash, TreeReader } from '@trailproof/core'
import { expect, test } from 'vitest'
import {
  log,
  nextLog,
  SampleLedger,
  sampleEntry,
  sha256,
  verifyEd25519,
} from '../../../test/ledger-vectors/sample-ledger.ts'
import type { VerifyReceiptOptions } from './index.ts'
import { verifyReceipt } from './index.ts'

const ledger = new SampleLedger(300)
const checkpoint = ledger.note
const verify = (receipt: unknown, options: Partial<VerifyReceiptOptions> = {}) =>
  verifyReceipt(receipt, { checkpoint, verifierKeys: [log.key], sha256, verifyEd25519, ...options })

async function receiptOf(index: number, from = ledger) {
  const { leaf } = from.entries[index]!
  const decoded = decodeLeaf(leaf)
  if (decoded.kind === 'problem') throw new Error(decoded.problem)
  const reader = new TreeReader(sha256, from.entries.length, (l, i) => from.readTile(l, i))
  return {
    id: encodeUuid(decoded.id),
    ledger: 'main',
    index,
    leaf_hash: encodeBase64(leafHash(sha256, leaf)),
    recorded_at: new Date(decoded.recordedAtUs / 1000).toISOString(),
    status: 'recorded',
    leaf: encodeBase64(leaf),
    proof: (await reader.inclusionProof(index)).map(encodeBase64),
  }
}

test('a receipt with leaf and proof stands alone', async () => {
  for (const index of [0, 255, 256, 299])
    expect(await verify(await receiptOf(index))).toMatchObject({ verdict: 'intact', missing: [] })
  const receipt = await receiptOf(4)
  expect(await verify({ ...receipt, recorded_at: receipt.recorded_at.replace('Z', '000Z') })).toMatchObject({
    verdict: 'intact',
  })
})

test('says what is missing', async () => {
  const { proof: _proof, ...withoutProof } = await receiptOf(4)
  expect(await verify(withoutProof)).toMatchObject({
    verdict: 'unproven',
    missing: [expect.stringContaining('inclusion proof')],
  })
  expect(await verify(withoutProof, { source: ledger })).toMatchObject({ verdict: 'intact' })
  const { leaf: _leaf, ...withoutLeaf } = await receiptOf(4)
  expect(await verify(withoutLeaf)).toMatchObject({
    verdict: 'unproven',
    missing: [expect.stringContaining('the leaf')],
  })
  expect(await verify({ status: 'quarantined' })).toMatchObject({ verdict: 'unproven' })
})

test('judges content when given', async () => {
  const { core, personal } = ledger.entries[4]!
  const present = (group: typeof core) =>
    group.kind === 'present' ? group : { bytes: new Uint8Array(0), salt: new Uint8Array(0) }
  const receipt = await receiptOf(4)
  expect(await verify(receipt, { core: present(core), personal: present(personal) })).toMatchObject({
    verdict: 'intact',
  })
  expect(await verify(receipt, { core: present(personal) })).toMatchObject({
    verdict: 'broken',
    firstBad: { step: 'commitment' },
  })
})

test.each<[string, Record<string, unknown>, string]>([
  ['another index', { index: 5 }, 'inclusion'],
  ['an index beyond', { index: 300 }, 'receipt'],
  ['another id', { id: '019ab3c4-5d6e-7f80-9123-456789abcdef' }, 'leaf'],
  ['another time', { recorded_at: '2025-11-21T09:20:00.005Z' }, 'leaf'],
  ['another leaf hash', { leaf_hash: encodeBase64(new Uint8Array(32)) }, 'leaf'],
  ['another ledger', { ledger: 'other' }, 'checkpoint'],
  ['a cut proof', { proof: [] }, 'inclusion'],
  ['no index', { index: '4' }, 'receipt'],
  ['a date that is none', { recorded_at: '2025-02-31T00:00:00Z' }, 'receipt'],
  ['a proof of numbers', { proof: [1] }, 'receipt'],
  [
    'an endless proof',
    { proof: Array.from({ length: 99 }, () => encodeBase64(new Uint8Array(32))) },
    'receipt',
  ],
  ['loose base64', { leaf: 'AB==' }, 'receipt'],
])('names %s', async (_, change, step) => {
  expect(await verify({ ...(await receiptOf(4)), ...change })).toMatchObject({
    verdict: 'broken',
    firstBad: { step },
  })
})

test.each([null, 1, 'x', [], {}])('refuses %j', async (value) => {
  expect(await verify(value)).toMatchObject({ verdict: 'broken', firstBad: { step: 'receipt' } })
})

test('names a fork, and a ledger that lost its newest entries', async () => {
  const fork = new SampleLedger(400, [7, { action: 'payment.deleted' }])
  expect(await verify(await receiptOf(7), { source: fork })).toMatchObject({
    verdict: 'broken',
    firstBad: { index: 7, step: 'fork' },
  })
  expect(await verify(await receiptOf(4), { source: fork })).toMatchObject({
    verdict: 'broken',
    firstBad: { index: 0, step: 'fork' },
  })
  const lost = new SampleLedger(290)
  expect(await verify(await receiptOf(4), { source: lost })).toMatchObject({
    verdict: 'broken',
    firstBad: { index: 290, step: 'missing' },
  })
  const grown = new SampleLedger(300)
  grown.append([sampleEntry(300)])
  expect(await verify(await receiptOf(4), { source: grown })).toMatchObject({ verdict: 'intact' })
})

test('a receipt without proof convicts nobody', async () => {
  const { proof: _proof, leaf: _leaf, ...bare } = await receiptOf(4)
  const forged = { ...bare, leaf_hash: encodeBase64(new Uint8Array(32)) }
  expect(await verify(forged, { source: ledger })).toMatchObject({ verdict: 'unproven' })
  const unsigned = new SampleLedger(10)
  unsigned.sign([nextLog])
  expect(await verify(await receiptOf(4), { source: unsigned })).toMatchObject({ verdict: 'unproven' })
  expect(await verify(await receiptOf(4), { verifierKeys: [nextLog.key] })).toMatchObject({
    verdict: 'broken',
    firstBad: { step: 'checkpoint' },
  })
})

test('a ledger whose newest signature is kept elsewhere is judged by the receipt’s own', async () => {
  const source = new SampleLedger(299)
  const earlier = source.note
  source.append([sampleEntry(299)])
  expect(source.note).toBe(checkpoint)
  source.note = earlier
  const receipt = await receiptOf(299)
  const readTile = source.readTile.bind(source)
  const stored = (storedSize: number) => ({
    storedSize,
    checkpoint: () => source.checkpoint(),
    readTile,
    readEntries: source.readEntries.bind(source),
  })
  expect(await verify(receipt, { source: stored(300) })).toMatchObject({ verdict: 'intact' })
  expect(await verify(receipt, { source: stored(299) })).toMatchObject({
    verdict: 'broken',
    firstBad: { step: 'missing', index: 299 },
  })
  const other = new SampleLedger(299)
  other.note = earlier
  other.append([sampleEntry(299, { action: 'payment.refunded' })])
  other.note = earlier
  const forked = { ...stored(300), readTile: other.readTile.bind(other) }
  expect(await verify(receipt, { source: forked })).toMatchObject({
    verdict: 'broken',
    firstBad: { step: 'fork', index: 299 },
  })
})
