import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import type { LedgerInfo } from '../api/answers.ts'
import { useSession } from './session.tsx'

/** The ledgers that whoever looks can read, and which of them the address means: when it says none, the first. */
export function useLedgers() {
  const { client } = useSession()
  const { ledger: said = '' } = useSearch({ strict: false })
  const query = useQuery({
    queryKey: ['ledgers'],
    queryFn: ({ signal }) => client.get<{ ledgers: readonly LedgerInfo[] }>('v1/ledgers', { signal }),
  })
  const ledgers = query.data?.ledgers ?? []
  const name = said === '' ? (ledgers[0]?.name ?? '') : said
  return { query, ledgers, name }
}
