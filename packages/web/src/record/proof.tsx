import { useQuery } from '@tanstack/react-query'
import type { ShownRecord } from '../api/answers.ts'
import { Failed, Loading } from '../parts/states.tsx'
import { compareShown } from '../proof/compare-shown.ts'
import { type ProvenRecord, proveRecord } from '../proof/prove-record.ts'
import { TrustedKeys } from '../proof/trusted-keys.tsx'
import { Verdict } from '../proof/verdict.tsx'
import { useSession } from '../session/session.tsx'

const WORDS = {
  intact: ['Proved', 'This is what the ledger recorded, at this place, and nothing of it was changed.'],
  unproven: ['Not proved', 'Nothing is wrong with what was shown, and something is lacking.'],
  broken: [
    'Broken',
    'This is not what the ledger signed. Keep this page, and tell whoever answers for the server.',
  ],
} as const

export function Proof({ record }: { readonly record: ShownRecord }) {
  const { client } = useSession()
  const proof = useQuery({
    queryKey: ['proof', record.ledger, record.index],
    queryFn: () => proveRecord(client, record.ledger, record.index),
    staleTime: 0,
    retry: false,
  })
  if (proof.error) return <Failed error={proof.error} onRetry={() => void proof.refetch()} />
  if (proof.data === undefined) return <Loading what="the evidence" />
  return <Judged proven={withShown(proof.data, record)} record={record} />
}

function Judged({ proven, record }: { readonly proven: ProvenRecord; readonly record: ShownRecord }) {
  const file = `${record.ledger}-${record.index}.tlog-proof`
  const href = `data:text/plain;charset=utf-8,${encodeURIComponent(proven.evidence.proof)}`
  return (
    <Verdict judgement={proven} words={WORDS}>
      <a href={href} download={file}>
        Download the proof
      </a>
      <details>
        <summary>Trusted keys</summary>
        <TrustedKeys keys={proven.evidence.verifierKeys} />
      </details>
    </Verdict>
  )
}

function withShown(proven: ProvenRecord, record: ShownRecord): ProvenRecord {
  if (proven.verdict === 'broken') return proven
  const { altered, unproved } = compareShown(record, proven.groups)
  if (altered.length > 0)
    return {
      ...proven,
      verdict: 'broken',
      fault: `what is shown of ${altered.join(', ')} is not what the ledger holds`,
    }
  if (unproved.length > 0)
    return {
      ...proven,
      verdict: 'unproven',
      missing: [...proven.missing, `that ${unproved.join(', ')} are what the ledger held`],
    }
  const lacking = record.erased === undefined ? 'is not for you to see' : 'was erased'
  return {
    ...proven,
    proven: [...proven.proven, 'what is shown here is what was proved'],
    missing:
      proven.groups.personal === undefined
        ? [...proven.missing, `the personal group, which ${lacking}: nothing is shown of it`]
        : proven.missing,
  }
}
