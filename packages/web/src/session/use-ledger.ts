import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import type { LedgerInfo } from '../api/answers.ts'
import { useSession } from './session.tsx'

/** What is asked of servers whose ledgers cannot be listed. */
const FIRST = 'main'

/** The ledgers that whoever looks can read, and which of them the address means: when it says none, the first. '' until that is known. */
export function useLedgers() {
  const { client, me } = useSession()
  const { ledger: said = '' } = useSearch({ strict: false })
  const query = useQuery({
    queryKey: ['ledgers'],
    queryFn: ({ signal }) => client.get<{ ledgers: readonly LedgerInfo[] }>('v1/ledgers', { signal }),
  })
  const ledgers = query.data?.ledgers ?? []
  // Who reads none can look after one all the same.
  const own = query.isPending ? '' : (me.grants.find(({ ledger }) => ledger !== null)?.ledger ?? FIRST)
  const name = said === '' ? (ledgers[0]?.name ?? own) : said
  return { query, ledgers, name }
}
