/** Whether a ledger is still the one that this browser knows, judged by its newest checkpoint. */

import { openCheckpoint } from '@trailproof/core'
import { counted } from '../parts/counted.ts'
import { judgeMemory, type Memory } from './judge-memory.ts'
import type { Judgement, Primitives } from './judgement.ts'
import { keysOf } from './keys-of.ts'

/** As the server gives it, but for keys and memory, which are this browser's. */
export interface LedgerEvidence extends Memory {
  readonly origin: string
  /** The signed note that the server says is the newest. */
  readonly checkpoint: string
  /** Texts of the keys that this browser trusts for the ledger. */
  readonly verifierKeys: readonly string[]
}

/** Never throws for what the evidence says. */
export function judgeLedger(evidence: LedgerEvidence, { sha256, verifyEd25519 }: Primitives): Judgement {
  const { origin, checkpoint, verifierKeys } = evidence
  const signed = openCheckpoint(checkpoint, keysOf(verifierKeys, sha256), verifyEd25519)
  if (signed.kind === 'problem') return broken(signed.problem)
  if (signed.kind === 'unsigned') return broken('no key that this browser trusts has signed the checkpoint')
  if (signed.origin !== origin) return broken(`the checkpoint is that of ${signed.origin}`)
  const memory = judgeMemory(evidence, signed, sha256)
  if (memory.kind === 'broken') return broken(memory.fault)
  const isTied = memory.missing.length === 0
  return {
    verdict: isTied ? 'intact' : 'unproven',
    proven: [
      `a checkpoint of ${counted(signed.size, 'entry')} is signed by a key that this browser trusts`,
      ...memory.proven,
    ],
    missing: memory.missing,
    ...(isTied && { checkpoint }),
  }
}

function broken(fault: string): Judgement {
  return { verdict: 'broken', proven: [], missing: [], fault }
}
