/**
 * Whether a record is what the ledger holds, judged from what the server shows as evidence. Nothing that the server says
 * about the record is believed: only keys that this browser pinned, and checkpoints that it remembers.
 */
import {
  decodeBase64,
  decodeLeaf,
  encodeBase64,
  encodeUtf8,
  encodeUuid,
  leafHash,
  parseTlogProof,
  readCheckpoint,
} from '@trailproof/core'
import { verifyReceipt } from '@trailproof/verify'
import { judgeMemory, type Memory } from './judge-memory.ts'
import type { Judgement, Primitives } from './judgement.ts'
import { keysOf } from './keys-of.ts'

export interface ShownGroup {
  readonly text: string
  /** Base64, 16 bytes. */
  readonly salt: string
}

/** Everything as the server gives it. */
export interface RecordEvidence extends Memory {
  readonly ledger: string
  readonly index: number
  /** Base64, 89 bytes. */
  readonly leaf: string
  readonly core?: ShownGroup | undefined
  readonly personal?: ShownGroup | undefined
  /** C2SP tlog-proof. */
  readonly proof: string
  /** Texts of the keys that this browser trusts for the ledger. */
  readonly verifierKeys: readonly string[]
}

/** Never rejects for what the evidence says. */
export async function judgeRecord(evidence: RecordEvidence, primitives: Primitives): Promise<Judgement> {
  const parsed = parseTlogProof(evidence.proof)
  if (parsed.kind === 'problem') return broken(parsed.problem)
  const leaf = decodeBase64(evidence.leaf)
  const decoded = leaf === undefined ? undefined : decodeLeaf(leaf)
  if (leaf === undefined || decoded === undefined) return broken('the leaf is not base64')
  if (decoded.kind === 'problem') return broken(decoded.problem)
  if (parsed.index !== evidence.index) return broken(`the proof is of entry ${parsed.index}`)

  const keys = keysOf(evidence.verifierKeys, primitives.sha256)
  const report = await verifyReceipt(
    {
      status: 'recorded',
      id: encodeUuid(decoded.id),
      ledger: evidence.ledger,
      index: evidence.index,
      recorded_at: new Date(Math.floor(decoded.recordedAtUs / 1000)).toISOString(),
      leaf: evidence.leaf,
      leaf_hash: encodeBase64(leafHash(primitives.sha256, leaf)),
      proof: parsed.proof.map(encodeBase64),
    },
    {
      ...primitives,
      checkpoint: parsed.checkpoint,
      verifierKeys: keys,
      ...groupOf('core', evidence.core),
      ...groupOf('personal', evidence.personal),
    },
  )
  if (report.firstBad !== undefined) return broken(report.firstBad.detail, report.proven)
  const now = readCheckpoint(parsed.checkpoint)
  if (now.kind === 'problem') return broken(now.problem)
  const memory = judgeMemory(evidence, now, primitives.sha256)
  if (memory.kind === 'broken') return broken(memory.fault, report.proven)
  const isTied = memory.missing.length === 0
  return {
    verdict: report.verdict === 'intact' && !isTied ? 'unproven' : report.verdict,
    proven: [...report.proven, ...memory.proven],
    missing: [...report.missing, ...memory.missing],
    ...(isTied && { checkpoint: parsed.checkpoint }),
  }
}

function groupOf(
  name: 'core' | 'personal',
  group: ShownGroup | undefined,
): Record<string, { bytes: Uint8Array; salt: Uint8Array }> {
  const salt = group === undefined ? undefined : decodeBase64(group.salt)
  return group === undefined || salt === undefined ? {} : { [name]: { bytes: encodeUtf8(group.text), salt } }
}

function broken(fault: string, proven: readonly string[] = []): Judgement {
  return { verdict: 'broken', proven, missing: [], fault }
}
