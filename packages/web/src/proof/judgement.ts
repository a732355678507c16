import type { Sha256, VerifyEd25519 } from '@trailproof/core'

/** What came of judging evidence. */
export interface Judgement {
  readonly verdict: 'intact' | 'broken' | 'unproven'
  /** Sentences: what holds. */
  readonly proven: readonly string[]
  /** Sentences: what is lacking. */
  readonly missing: readonly string[]
  /** What is wrong, of a broken one. */
  readonly fault?: string
  /** Of a broken one: whether it is only that the evidence leaves out what was shown. */
  readonly lacksShown?: boolean
  /** The signed note to remember, of one that is tied to what was remembered before. */
  readonly checkpoint?: string
}

export interface Primitives {
  readonly sha256: Sha256
  readonly verifyEd25519: VerifyEd25519
}
