/** Judges beside the page, so that it stays smooth however long a proof is. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { VerifyEd25519 } from '@trailproof/core'
import { type ExportEvidence, judgeExport } from './judge-export.ts'
import { judgeLedger, type LedgerEvidence } from './judge-ledger.ts'
import { judgeRecord, type RecordEvidence } from './judge-record.ts'
import type { Judgement } from './judgement.ts'

/** RFC 8032, as the server's; @noble throws on points that are none. */
const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}

export type Judged =
  | { readonly kind: 'record'; readonly evidence: RecordEvidence }
  | { readonly kind: 'ledger'; readonly evidence: LedgerEvidence }
  | { readonly kind: 'export'; readonly evidence: ExportEvidence }

export interface JudgeCall {
  readonly id: number
  readonly judged: Judged
}

export interface JudgeAnswer {
  readonly id: number
  /** Undefined: the evidence could not be judged, which says nothing about it. */
  readonly judgement: Judgement | undefined
}

addEventListener('message', ({ data: { id, judged } }: MessageEvent<JudgeCall>) => {
  void judgementOf(judged)
    .catch((error: unknown) => {
      console.error(error)
      return undefined
    })
    .then((judgement) => postMessage({ id, judgement } satisfies JudgeAnswer))
})

async function judgementOf(judged: Judged): Promise<Judgement> {
  const primitives = { sha256, verifyEd25519 }
  switch (judged.kind) {
    case 'record':
      return judgeRecord(judged.evidence, primitives)
    case 'ledger':
      return judgeLedger(judged.evidence, primitives)
    case 'export':
      return judgeExport(judged.evidence, primitives)
  }
}
