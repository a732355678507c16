/** The seal on an export. */
import { useQuery } from '@tanstack/react-query'
import type { LedgerInfo } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { Asked } from '../parts/asked.tsx'
import { exportHeader } from '../proof/export-header.ts'
import { judge } from '../proof/judge.ts'
import { pinnedKeys } from '../proof/trust.ts'
import { TrustedKeys } from '../proof/trusted-keys.tsx'
import { Verdict } from '../proof/verdict.tsx'
import { useSession } from '../session/session.tsx'

const WORDS = {
  intact: [
    'Proved',
    'Everything in this file is what the ledger recorded, and nothing of its range is missing.',
  ],
  unproven: ['Not proved', 'Nothing is wrong with the file, and something is lacking.'],
  broken: ['Broken', 'This file is not what the ledger signed.'],
} as const

interface ExportVerdictProps {
  readonly file: Blob
  /** Verifier keys that whoever looks was given; '' for those that this browser pinned. */
  readonly givenKeys?: string
}

export function ExportVerdict({ file, givenKeys = '' }: ExportVerdictProps) {
  const { client } = useSession()
  const judged = useQuery({
    queryKey: ['export verdict', numberOf(file), givenKeys],
    queryFn: async () => {
      const verifierKeys = givenKeys === '' ? await keysFor(file, client) : givenKeys.split(/\s+/)
      return { verifierKeys, ...(await judge({ kind: 'export', evidence: { file, verifierKeys } })) }
    },
    staleTime: 0,
    gcTime: 0, // it holds the file
    retry: false,
  })
  return (
    <Asked query={judged} what="the verdict">
      {({ verifierKeys, ...judgement }) => (
        <Verdict judgement={judgement} words={WORDS}>
          {givenKeys === '' && (
            <details>
              <summary>Trusted keys</summary>
              <TrustedKeys keys={verifierKeys} />
            </details>
          )}
        </Verdict>
      )}
    </Asked>
  )
}

const numbers = new WeakMap<Blob, number>()
let numbered = 0

/** In the name of a query all files would be alike: nothing of them is in their JSON. */
function numberOf(file: Blob): number {
  const number = numbers.get(file) ?? numbered++
  numbers.set(file, number)
  return number
}

/** Those that this browser pinned for the ledger of the file; of one that it never saw, what this server shows now. */
async function keysFor(file: Blob, client: Client): Promise<readonly string[]> {
  const origin = (await exportHeader(file))?.head.origin
  if (origin === undefined) return []
  const { ledgers } = await client.get<{ ledgers: readonly LedgerInfo[] }>('v1/ledgers')
  return pinnedKeys(origin, ledgers.find((ledger) => ledger.origin === origin)?.verifier_keys ?? [])
}
