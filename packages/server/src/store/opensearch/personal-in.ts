/** Of which entries anything personal may still be in a file of the index. */
import type { IndexRange } from '../../ledger/ledger-store.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import type { EntryDocument } from './entry-document.ts'
import type { IndexNames } from './index-names.ts'
import { type LedgerState, type LedgerStates, partName, partOf } from './ledger-state.ts'
import type { OpenSearchClient } from './opensearch-client.ts'

/** Documents asked for at once: by their ids, as a search does not see what was not refreshed. */
const PAGE = 1000

export async function personalIn(
  client: OpenSearchClient,
  states: LedgerStates,
  names: IndexNames,
  ledger: string,
  { from, to }: IndexRange,
): Promise<readonly number[]> {
  const state = await states.read(ledger)
  if (!state) return []
  const found: number[] = []
  for (let low = from; low < to; ) {
    const part = partOf(state, low)
    const high = Math.min(to, (part + 1) * state.partEntries, low + PAGE)
    const entries = Array.from({ length: high - low }, (_, i) => low + i)
    low = high
    if (isUnknown(state, part)) found.push(...entries)
    else if (part < state.parts)
      found.push(...(await personalAmong(client, names.part(ledger, partName(state, part)), entries)))
  }
  return found
}

/** Of what is still to be deleted, nobody knows what it holds. */
function isUnknown({ dropping, toRewrite, rewrite }: LedgerState, part: number): boolean {
  return dropping || toRewrite.includes(part) || (rewrite?.part === part && rewrite.replaces !== null)
}

async function personalAmong(
  client: OpenSearchClient,
  index: string,
  entries: readonly number[],
): Promise<readonly number[]> {
  const { status, body } = await client.request<{
    docs: readonly {
      found?: boolean
      _source?: Pick<EntryDocument, 'erased'>
      error?: { reason?: string }
    }[]
  }>({
    method: 'POST',
    path: `/${index}/_mget`,
    query: { _source_includes: 'erased' },
    body: { ids: entries.map(String) },
    expects: [404],
    isRepeatable: true,
  })
  if (status === 404) return []
  return entries.filter((_, i) => {
    const { found, _source, error } = body.docs[i]!
    if (error)
      throw new TrailproofError('STORE_UNAVAILABLE', `OpenSearch: ${error.reason ?? 'no document'}`, {
        retryable: true,
      })
    return found === true && _source?.erased === false
  })
}
