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
  parseVerifierKey,
  readCheckpoint,
  type Sha256,
  type VerifierKey,
  type VerifyEd25519,
  verifyConsistency,
} from '@trailproof/core'
import { verifyReceipt } from '@trailproof/verify'

export interface ShownGroup {
  readonly text: string
  /** Base64, 16 bytes. */
  readonly salt: string
}

/** Everything as the server gives it. */
export interface RecordEvidence {
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
  /** The newest checkpoint that this browser has seen of the ledger before, a signed note. */
  readonly remembered?: string | undefined
  /** Hashes in base64, from the smaller of both checkpoints to the larger. */
  readonly consistency?: readonly string[] | undefined
}

export interface Judgement {
  readonly verdict: 'intact' | 'broken' | 'unproven'
  /** Sentences: what holds. */
  readonly proven: readonly string[]
  /** Sentences: what is lacking. */
  readonly missing: readonly string[]
  /** What is wrong, of a broken one. */
  readonly fault?: string
  /** The signed note to remember, of one that is not broken. */
  readonly checkpoint?: string
}

export interface Primitives {
  readonly sha256: Sha256
  readonly verifyEd25519: VerifyEd25519
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
  const memory = judgeMemory(evidence, parsed.checkpoint, primitives.sha256)
  if (memory.kind === 'broken') return broken(memory.fault, report.proven)
  return {
    verdict: report.verdict,
    proven: [...report.proven, ...memory.proven],
    missing: report.missing,
    checkpoint: parsed.checkpoint,
  }
}

type MemoryVerdict =
  | { readonly kind: 'held'; readonly proven: readonly string[] }
  | { readonly kind: 'broken'; readonly fault: string }

/** A ledger only grows: what was signed once is the beginning of all that is signed later. */
function judgeMemory(
  { remembered, consistency = [] }: RecordEvidence,
  checkpoint: string,
  sha256: Sha256,
): MemoryVerdict {
  if (remembered === undefined) return { kind: 'held', proven: [] }
  const [before, now] = [readCheckpoint(remembered), readCheckpoint(checkpoint)]
  // Only what was opened once is remembered, and the present one was just judged.
  if (before.kind === 'problem' || now.kind === 'problem') return { kind: 'held', proven: [] }
  if (before.origin !== now.origin)
    return { kind: 'broken', fault: `the ledger is another one now: it was ${before.origin}` }
  const [first, second] = before.size <= now.size ? [before, now] : [now, before]
  const proof = consistency.map(decodeBase64)
  const claim = {
    first: first.size,
    second: second.size,
    firstRoot: first.root,
    secondRoot: second.root,
    proof: proof.filter((hash) => hash !== undefined),
  }
  if (before.size > now.size)
    return {
      kind: 'broken',
      fault: `this browser has seen ${before.size} entries, and the server shows ${now.size}: it went back, or was restored`,
    }
  return verifyConsistency(sha256, claim)
    ? { kind: 'held', proven: [`the ${before.size} entries that this browser has seen before are unchanged`] }
    : {
        kind: 'broken',
        fault: `the first ${before.size} entries are not those that this browser has seen before`,
      }
}

function keysOf(texts: readonly string[], sha256: Sha256): readonly VerifierKey[] {
  return texts.flatMap((text) => {
    const parsed = parseVerifierKey(text, sha256)
    return parsed.kind === 'verifier-key' ? [parsed.key] : []
  })
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
