/** What a search answers, and whether it answers for everything. */
import { TrailproofError } from '../../trailproof-error.ts'

export interface SearchAnswer<Document = unknown> {
  readonly timed_out: boolean
  readonly _shards: { readonly total: number; readonly successful: number; readonly failed: number }
  readonly hits: {
    readonly total?: { readonly value: number }
    readonly hits: readonly { readonly _source?: Document; readonly sort?: readonly number[] }[]
  }
}

/**
 * Rejects with STORE_UNAVAILABLE, retryable, when shards are away or failed: an answer of the others would look like a
 * whole one. OpenSearch counts shards without a copy as neither failed nor successful.
 */
export function assertWhole(
  { _shards, timed_out }: Pick<SearchAnswer, '_shards' | 'timed_out'>,
  shardsMin: number,
): void {
  const { total, successful, failed } = _shards
  if (failed > 0 || successful < total || timed_out)
    throw new TrailproofError(
      'STORE_UNAVAILABLE',
      `OpenSearch: only ${successful} of ${total} shards answered`,
      { retryable: true },
    )
  if (total < shardsMin)
    throw new TrailproofError(
      'DATA_DAMAGED',
      `of ${shardsMin} indices of the ledger ${total} are left: rebuild its index`,
    )
}
