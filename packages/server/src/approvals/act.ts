/** What destroys evidence or lets it be destroyed: nobody does it alone (setting `approvals`). */
import { hash, randomBytes } from 'node:crypto'
import type { Permission } from '../access/permissions.ts'
import type { RetentionRule } from '../retention/retention-store.ts'

interface Why {
  readonly ledger: string
  /** Who or what law asks for it; kept for ever. */
  readonly authority: string
  /** Kept for ever. */
  readonly reason: string
}

interface Erasing extends Why {
  /** Closed ledgers that it has succeeded, in which whoever asks may do it, too; the oldest first. Default: none. */
  readonly predecessors?: readonly string[]
}

/** The personal groups of some records. */
export interface RecordsErasure extends Erasing {
  readonly kind: 'erasure'
  /** UUIDs. */
  readonly ids: readonly string[]
}

/** Everything of somebody. */
export interface SubjectErasureAct extends Erasing {
  readonly kind: 'subject-erasure'
  readonly subject: { readonly id: string; readonly type?: string }
}

/** The end of a legal hold. */
export interface HoldRelease extends Why {
  readonly kind: 'hold-release'
  readonly name: string
  /** ms since 1970: that very hold, and no later one of its name. */
  readonly heldAt: number
}

/** Rules that may destroy something sooner than those before. */
export interface RetentionChange {
  readonly kind: 'retention'
  readonly ledger: string
  readonly rules: readonly RetentionRule[]
}

/** All that a ledger and its predecessors hold, and its end. */
export interface LedgerDeletionAct extends Erasing {
  readonly kind: 'ledger-deletion'
}

export type Act = RecordsErasure | SubjectErasureAct | HoldRelease | RetentionChange | LedgerDeletionAct

/** The ledgers that an act reaches, the open one last. */
export function ledgersOf(act: Act): readonly string[] {
  return [...(('predecessors' in act && act.predecessors) || []), act.ledger]
}

/** Who asks for it and who approves it each hold this of the ledger. */
export const PERMISSION_FOR: Readonly<Record<Act['kind'], Permission>> = {
  erasure: 'erase',
  'subject-erasure': 'erase',
  'hold-release': 'hold',
  retention: 'retain',
  'ledger-deletion': 'delete-ledger',
}

const NONCE_BYTES = 16

/** The text that is kept and hashed. The nonce goes with it, so that afterwards nobody can try names against the hash. */
export function requestOf(act: Act): { readonly request: string; readonly digest: string } {
  const request = JSON.stringify({ act, nonce: randomBytes(NONCE_BYTES).toString('hex') })
  return { request, digest: digestOf(request) }
}

/** The act of a request; undefined when it is not what was hashed. */
export function actOf({
  request,
  digest,
}: {
  readonly request: string
  readonly digest: string
}): Act | undefined {
  if (digestOf(request) !== digest) return undefined
  const { act } = JSON.parse(request) as { act: Act } // as `requestOf` wrote it
  return act
}

function digestOf(request: string): string {
  return hash('sha256', request)
}
