/** What the ledgers that succeeded a closed one say of it: that they did, and what of it they erased (spec/verify.md, "Successors"). */

import type { VerifierKey } from '@trailproof/core'
import { decodeBase64, equalBytes, TreeReader, verifyConsistency } from '@trailproof/core'
import type { Erasure } from './erasures.ts'
import type { EvidenceSource, Primitives } from './evidence.ts'
import type { Report } from './report.ts'

export const SUCCESSION_ACTION = 'trailproof.succession'

export interface SuccessorEvidence {
  readonly source: EvidenceSource
  /** Keys the caller trusts for that ledger. */
  readonly verifierKeys: readonly VerifierKey[]
}

/** A ledger's head: what was found of a predecessor, or what is judged now. */
export interface Head {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

/** What a ledger says of others. */
export interface SaidOfOthers {
  /** What it found of the ledger that it succeeded; undefined: it does not say that it succeeded one. */
  readonly predecessor: Head | undefined
  readonly erasures: readonly { readonly ledger: string; readonly erasure: Erasure }[]
  /** False: some of it may be withheld. */
  readonly isWhole: boolean
}

export interface JudgedLedger {
  readonly report: Report
  readonly said: SaidOfOthers
}

export interface SuccessorsWord {
  readonly erasures: readonly Erasure[]
  /** Why they may have said more than is known. */
  readonly doubt?: string
}

/** The predecessor that entry 0 of a successor names; undefined when its `metadata` names none. */
export function parseSuccession(metadata: unknown): Head | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined
  const { predecessor, restored_checkpoint: found } = metadata as Record<string, unknown>
  if (typeof found !== 'string') return undefined
  const [, origin, size, text] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n$/.exec(found) ?? []
  const root = text === undefined ? undefined : decodeBase64(text)
  if (origin === undefined || root === undefined || predecessor !== ledgerOf(origin)) return undefined
  return Number.isSafeInteger(Number(size)) ? { origin, size: Number(size), root } : undefined
}

/** The ledger's name, the last part of its origin. */
export function ledgerOf(origin: string): string {
  return origin.slice(origin.lastIndexOf('/') + 1)
}

/**
 * Goes along the successors of a ledger, the oldest first, as far as each proves itself and names the one before it by the very tree that is
 * judged. Never rejects: what cannot be read is a doubt. What a ledger that is broken says counts for nothing.
 */
export async function successorsWord(
  closed: Head & { readonly source: EvidenceSource },
  successors: () => Promise<readonly SuccessorEvidence[]>,
  judge: (successor: SuccessorEvidence, next: readonly SuccessorEvidence[]) => Promise<JudgedLedger>,
  { sha256 }: Pick<Primitives, 'sha256'>,
): Promise<SuccessorsWord> {
  const erasures: Erasure[] = []
  let before = closed
  /** Of what was found of the closed ledger; nobody erases what they have not found. */
  let reach: number | undefined
  try {
    const all = await successors()
    for (const [i, successor] of all.entries()) {
      // What is gone from it, too, may be said by those after it.
      const { report, said } = await judge(successor, all.slice(i + 1))
      const name = ledgerOf(report.origin)
      if (report.verdict === 'broken') return { erasures }
      const missing = report.unproven.find(({ what }) => !OF_CONTENT.has(what))
      if (missing !== undefined)
        return { erasures, doubt: `what succeeded it is not proven: ${missing.detail}` }
      const isDoubtful = !said.isWhole
      if (said.predecessor === undefined && isDoubtful)
        return { erasures, doubt: `${name} withholds what it succeeded` }
      if (said.predecessor === undefined || !(await isOf(said.predecessor, before, sha256)))
        return { erasures }
      reach ??= said.predecessor.size
      for (const { ledger, erasure } of said.erasures)
        if (ledger === ledgerOf(closed.origin)) erasures.push({ ...erasure, ledger: name, reach })
      if (isDoubtful) return { erasures, doubt: `${name} withholds what it may have erased` }
      before = {
        source: successor.source,
        origin: report.origin,
        size: report.size,
        root: decodeBase64(report.root)!,
      }
    }
  } catch (error) {
    return { erasures, doubt: `what succeeded it could not be read: ${String(error)}` }
  }
  return { erasures }
}

/** Of a signed ledger: its tree is proven all the same. */
const OF_CONTENT: ReadonlySet<Report['unproven'][number]['what']> = new Set(['core', 'personal', 'erasures'])

/** Whether what was found is the ledger that is judged. A lost lock may have left more of it than any signature covers. */
async function isOf(
  found: Head,
  { source, origin, size, root }: Head & { readonly source: EvidenceSource },
  sha256: Primitives['sha256'],
): Promise<boolean> {
  if (found.origin !== origin) return false
  const reader = new TreeReader(sha256, found.size, (level, index, width) =>
    source.readTile(level, index, width),
  )
  if (!equalBytes(await reader.rootAt(), found.root)) return false
  // Its tiles up to here were judged with its leaves.
  if (found.size <= size) return true
  const proof = await reader.consistencyProof(size)
  const claim = { first: size, second: found.size, firstRoot: root, secondRoot: found.root, proof }
  return verifyConsistency(sha256, claim)
}
