/** What this browser has seen of a ledger before, against what the server shows now. A ledger only grows. */
import {
  type Checkpoint,
  decodeBase64,
  readCheckpoint,
  type Sha256,
  verifyConsistency,
} from '@trailproof/core'

export interface Memory {
  /** Of the ledger that this browser knows under the name. */
  readonly knownOrigin: string
  /** The newest checkpoint that this browser has seen of the ledger before, a signed note. */
  readonly remembered?: string | undefined
  /** Hashes in base64, from the smaller of both checkpoints to the larger; undefined when they may not be seen. */
  readonly consistency?: readonly string[] | undefined
}

export type MemoryVerdict =
  | { readonly kind: 'held'; readonly proven: readonly string[]; readonly missing: readonly string[] }
  | { readonly kind: 'broken'; readonly fault: string }

const NOTHING_SEEN = { kind: 'held', proven: [], missing: [] } as const satisfies MemoryVerdict

/** What was signed once is the beginning of all that is signed later. `now` was judged before. */
export function judgeMemory(
  { knownOrigin, remembered, consistency }: Memory,
  now: Checkpoint,
  sha256: Sha256,
): MemoryVerdict {
  if (knownOrigin !== now.origin)
    return broken(`under this name this browser knows another ledger, ${knownOrigin}`)
  if (remembered === undefined) return NOTHING_SEEN
  const before = readCheckpoint(remembered)
  // Only what was opened once is remembered, by its origin.
  if (before.kind === 'problem') return NOTHING_SEEN
  if (before.size > now.size)
    return broken(
      `this browser has seen ${before.size} entries, and the server shows ${now.size}: it went back, or was restored`,
    )
  const seen = `the ${before.size} entries that this browser has seen before`
  if (consistency === undefined && before.size < now.size)
    return { ...NOTHING_SEEN, missing: [`that ${seen} are unchanged: you may not see proofs`] }
  const claim = {
    first: before.size,
    second: now.size,
    firstRoot: before.root,
    secondRoot: now.root,
    proof: (consistency ?? []).map(decodeBase64).filter((hash) => hash !== undefined),
  }
  return verifyConsistency(sha256, claim)
    ? { ...NOTHING_SEEN, proven: [`${seen} are unchanged`] }
    : broken(`the first ${before.size} entries are not those that this browser has seen before`)
}

function broken(fault: string): MemoryVerdict {
  return { kind: 'broken', fault }
}
