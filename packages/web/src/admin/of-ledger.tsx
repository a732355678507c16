import type { ReactNode } from 'react'
import { Loading } from '../parts/states.tsx'
import { useLedgers } from '../session/use-ledger.ts'

/** What is of one ledger, once it is known of which; it begins anew with another. */
export function OfLedger({ children }: { readonly children: (ledger: string) => ReactNode }) {
  const { name } = useLedgers()
  return name === '' ? <Loading what="the ledgers" /> : children(name)
}
