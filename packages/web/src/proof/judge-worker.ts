/** Judges beside the page, so that it stays smooth however long a proof is. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { VerifyEd25519 } from '@trailproof/core'
import { type Judgement, judgeRecord, type RecordEvidence } from './judge-record.ts'

/** RFC 8032, as the server's; @noble throws on points that are none. */
const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}

export interface JudgeCall {
  readonly id: number
  readonly evidence: RecordEvidence
}

export interface JudgeAnswer {
  readonly id: number
  readonly judgement: Judgement
}

addEventListener('message', ({ data }: MessageEvent<JudgeCall>) => {
  void judgeRecord(data.evidence, { sha256, verifyEd25519 }).then((judgement) =>
    postMessage({ id: data.id, judgement } satisfies JudgeAnswer),
  )
})
