import { useQuery } from '@tanstack/react-query'
import type { ShownRecord } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { Failed, Loading } from '../parts/states.tsx'
import { type ProvenRecord, proveRecord } from '../proof/prove-record.ts'
import { useSession } from '../session/session.tsx'
import styles from './proof.module.css'

const WORDS = {
  intact: ['✓', 'Proved', 'This is what the ledger recorded, at this place, and nothing of it was changed.'],
  unproven: ['?', 'Not proved', 'Nothing is wrong with what was shown, and something is lacking.'],
  broken: [
    '✕',
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
  return <Verdict proven={withShown(proof.data, record)} record={record} />
}

function Verdict({ proven, record }: { readonly proven: ProvenRecord; readonly record: ShownRecord }) {
  const [sign, title, meaning] = WORDS[proven.verdict]
  const file = `${record.ledger}-${record.index}.tlog-proof`
  const href = `data:text/plain;charset=utf-8,${encodeURIComponent(proven.evidence.proof)}`
  return (
    <section className={styles.proof} data-verdict={proven.verdict} aria-label="Verdict">
      <p className={styles.seal}>
        <span aria-hidden="true">{sign}</span> {title}
      </p>
      <p>{meaning}</p>
      {proven.fault !== undefined && (
        <p role="alert" className={styles.fault}>
          {proven.fault}
        </p>
      )}
      <Sentences title="What was checked, in this browser" of={proven.proven} />
      <Sentences title="What is lacking" of={proven.missing} />
      <a href={href} download={file} className={styles.download}>
        Download the proof
      </a>
      <details>
        <summary>Trusted keys</summary>
        <pre tabIndex={0}>{proven.evidence.verifierKeys.join('\n')}</pre>
        <p>
          They were pinned when this browser first saw the ledger. Compare them with those you were given
          another way.
        </p>
        <Button onClick={() => void navigator.clipboard.writeText(proven.evidence.verifierKeys.join('\n'))}>
          Copy the keys
        </Button>
      </details>
    </section>
  )
}

function Sentences({ title, of: sentences }: { readonly title: string; readonly of: readonly string[] }) {
  if (sentences.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <ul className={styles.sentences}>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </>
  )
}

/** What is shown must be what was proved: a server could prove one record and show another. */
function withShown(proven: ProvenRecord, record: ShownRecord): ProvenRecord {
  if (proven.verdict === 'broken') return proven
  const differing = Object.entries(proven.fields)
    .filter(([name, value]) => name in record && JSON.stringify(record[name]) !== JSON.stringify(value))
    .map(([name]) => name)
    .filter((name) => name !== 'stream')
  if (differing.length === 0)
    return { ...proven, proven: [...proven.proven, 'what is shown here is what was proved'] }
  return {
    ...proven,
    verdict: 'broken',
    fault: `what is shown of ${differing.join(', ')} is not what the ledger holds`,
  }
}
