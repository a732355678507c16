/** Whether anything personal of an entry may still be in a file of the index. */
import type { EntryDocument } from './entry-document.ts'
import type { IndexNames } from './index-names.ts'
import { type LedgerStates, partName, partOf } from './ledger-state.ts'
import type { OpenSearchClient } from './opensearch-client.ts'

export async function personalIn(
  client: OpenSearchClient,
  states: LedgerStates,
  names: IndexNames,
  ledger: string,
  entry: number,
): Promise<boolean> {
  const state = await states.read(ledger)
  if (!state) return false
  const part = partOf(state, entry)
  // Of what is still to be deleted, nobody knows what it holds.
  if (state.dropping || state.toRewrite.includes(part)) return true
  if (state.rewrite?.part === part && state.rewrite.replaces !== null) return true
  const { body } = await client.request<{ found?: boolean; _source?: Pick<EntryDocument, 'erased'> }>({
    method: 'GET',
    path: `/${names.part(ledger, partName(state, part))}/_doc/${entry}`,
    query: { _source_includes: 'erased' },
    expects: [404],
    isRepeatable: true,
  })
  return body.found === true && body._source?.erased === false
}
