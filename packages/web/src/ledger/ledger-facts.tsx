import { useQuery } from '@tanstack/react-query'
import type { LedgerInfo, SearchPage } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { copyText } from '../parts/copy-text.ts'
import { Facts } from '../parts/facts.tsx'
import { Panel } from '../parts/panel.tsx'
import { useSession } from '../session/session.tsx'
import { Moment } from '../time/moment.tsx'
import styles from './ledger-page.module.css'

/** What the server says of a ledger. Asked anew with each look, as it grows. */
export function LedgerFacts({ info }: { readonly info: LedgerInfo }) {
  const { client } = useSession()
  const { name } = info
  const now = useQuery({
    queryKey: ['ledger', name],
    queryFn: ({ signal }) => client.get<LedgerInfo>(`v1/ledgers/${encodeURIComponent(name)}`, { signal }),
    initialData: info,
  })
  const newest = useQuery({
    queryKey: ['newest', name],
    queryFn: ({ signal }) =>
      client.get<SearchPage>('v1/search', { parameters: { ledger: name, limit: 1 }, signal }),
  })
  const { origin, size, indexed_size: indexed, checkpoint = '' } = now.data
  const recordedAt = newest.data?.records[0]?.recorded_at
  return (
    <Panel title="What it is">
      <Facts
        of={{
          State: <State state={now.data.state} />,
          Origin: <code>{origin}</code>,
          Size: entries(size),
          'Search is late by': size === indexed ? 'nothing' : entries(size - indexed),
          'Newest record': recordedAt === undefined ? undefined : <Moment at={recordedAt} />,
          Witnesses: witnessesOf(checkpoint, origin),
        }}
      />
      <details>
        <summary>Newest checkpoint, a signed note</summary>
        <pre className={styles.note} tabIndex={0}>
          {checkpoint}
        </pre>
        <Button onClick={() => void copyText(checkpoint)}>Copy the checkpoint</Button>
      </details>
    </Panel>
  )
}

function State({ state }: Pick<LedgerInfo, 'state'>) {
  const words = {
    open: () => '✓ open: it takes records',
    closed: () => `– closed: ${state.kind === 'closed' ? state.successor : ''} goes on with it`,
    deleted: () => '– deleted: all but its own records is erased, and it takes no more',
    blocked: () => `✕ blocked: ${state.kind === 'blocked' ? state.reason : ''}`,
  }[state.kind]
  return (
    <span className={styles.state} data-state={state.kind}>
      {words()}
    </span>
  )
}

function entries(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'entry' : 'entries'}`
}

/** Whoever signed besides the ledger itself; that they did is for those who have their keys to check. */
function witnessesOf(checkpoint: string, origin: string): string {
  const signers = [...checkpoint.matchAll(/^— (\S+) /gm)].map(([, name]) => name!)
  const others = [...new Set(signers)].filter((name) => name !== origin)
  return others.length === 0 ? 'none: the server alone has signed the newest checkpoint' : others.join(', ')
}
