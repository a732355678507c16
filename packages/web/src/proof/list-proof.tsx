/** The seal on a list: all its records proved at once. */
import { useQuery } from '@tanstack/react-query'
import type { ShownRecord } from '../api/answers.ts'
import { Asked } from '../parts/asked.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Download } from '../parts/download.tsx'
import { useSession } from '../session/session.tsx'
import { LIST_ENTRIES_MAX, proveList } from './prove-list.ts'
import { TrustedKeys } from './trusted-keys.tsx'
import { Verdict } from './verdict.tsx'

interface ListProofProps {
  readonly ledger: string
  readonly query: string
  readonly records: readonly ShownRecord[]
  readonly onClose: () => void
}

const WORDS = {
  intact: ['Proved', 'Every record of this list is what the ledger recorded, and nothing of it was changed.'],
  unproven: ['Not proved', 'Nothing is wrong with what was shown, and something is lacking.'],
  broken: [
    'Broken',
    'Something of this list is not what the ledger signed. Keep this page, and tell whoever answers for the server.',
  ],
} as const

export default function ListProof({ ledger, query, records, onClose }: ListProofProps) {
  const { client } = useSession()
  const indexes = records.map(({ index }) => index)
  const [first, last] = [Math.min(...indexes), Math.max(...indexes)]
  const isTooWide = last - first >= LIST_ENTRIES_MAX
  const proof = useQuery({
    queryKey: ['list proof', ledger, query, first, last, records.length],
    queryFn: () => proveList(client, ledger, query, records),
    enabled: !isTooWide,
    staleTime: 0,
    gcTime: 0, // it holds the evidence
    retry: false,
  })
  const count = records.length.toLocaleString('en')
  return (
    <Dialog
      title={`Proof of ${count} ${records.length === 1 ? 'record' : 'records'}`}
      isOpen
      onClose={onClose}
    >
      {isTooWide ? (
        <p>
          The records stand more than {LIST_ENTRIES_MAX.toLocaleString('en')} entries apart. Choose a shorter
          time, or take an export, which proves any range.
        </p>
      ) : (
        <Asked query={proof} what="the evidence">
          {(proven) => (
            <Verdict judgement={proven} words={WORDS}>
              <Download file={proven.file} name={`${ledger}-${first}-${last}.ndjson`}>
                Download the evidence
              </Download>
              <details>
                <summary>Trusted keys</summary>
                <TrustedKeys keys={proven.verifierKeys} />
              </details>
            </Verdict>
          )}
        </Asked>
      )}
    </Dialog>
  )
}
