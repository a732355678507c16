/** What an erasure's entry says for ever: why, and by whom where it took two. */
import type { Hands } from '../approvals/approvals.ts'
import type { ErasureRequest } from '../ledger/ledger-writer.ts'

export type ErasureReasons = Pick<ErasureRequest, 'authority' | 'reason' | 'approval' | 'at'>

/** Under the time of the approval, so that whoever goes on after a crash records the same erasure and not another one. */
export function reasonsOf(
  { authority, reason }: { readonly authority: string; readonly reason: string },
  { askedBy, approval }: Hands,
): ErasureReasons {
  if (approval === undefined) return { authority, reason }
  const { id, by, at } = approval
  return { authority, reason, at: at * 1000, approval: { id, asked_by: askedBy.id, approved_by: by.id } }
}
