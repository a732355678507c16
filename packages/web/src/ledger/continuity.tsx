import { useQuery } from '@tanstack/react-query'
import { readCheckpoint } from '@trailproof/core'
import type { ReactNode } from 'react'
import { Asked } from '../parts/asked.tsx'
import { Button } from '../parts/button.tsx'
import { Facts } from '../parts/facts.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { Panel } from '../parts/panel.tsx'
import { type ProvenLedger, proveLedger } from '../proof/prove-ledger.ts'
import { forgetOrigin } from '../proof/trust.ts'
import { TrustedKeys } from '../proof/trusted-keys.tsx'
import { Verdict } from '../proof/verdict.tsx'
import { useSession } from '../session/session.tsx'
import { Moment } from '../time/moment.tsx'
import styles from './ledger-page.module.css'

const WORDS = {
  intact: ['Grown only', 'All that this browser has seen of the ledger before is still its beginning.'],
  unproven: ['Not proved', 'Nothing is wrong with what was shown, and something is lacking.'],
  broken: [
    'Broken',
    'This is not the ledger that this browser knows. Keep this page, and tell whoever answers for the server.',
  ],
} as const
const FIRST_SEEN = [
  'Signed',
  'This browser sees the ledger for the first time. From now on it notices a change.',
] as const

/** Whether the ledger is still the one that this browser knows, judged here. */
export function Continuity({ ledger }: { readonly ledger: string }) {
  const { client } = useSession()
  const proof = useQuery({
    queryKey: ['continuity', ledger],
    queryFn: () => proveLedger(client, ledger),
    staleTime: 0,
    retry: false,
  })
  return (
    <Panel
      title="Is it still the same?"
      acts={
        <Button disabled={proof.isFetching} onClick={() => void proof.refetch()}>
          Check again
        </Button>
      }
    >
      <Asked query={proof} what="the evidence">
        {(proven) => (
          <Judged proven={proven} checkedAt={new Date(proof.dataUpdatedAt).toISOString()}>
            {proven.evidence.knownOrigin !== proven.evidence.origin && (
              <FormDialog
                label="Trust this ledger"
                isGrave
                title={`Trust another ledger under the name ${ledger}?`}
                explanation="Only if whoever answers for the server says why it is another one, such as that it was set up anew."
                act="Trust it from now on"
                onSubmit={async () => {
                  forgetOrigin(ledger)
                  await proof.refetch()
                }}
              />
            )}
          </Judged>
        )}
      </Asked>
    </Panel>
  )
}

interface JudgedProps {
  readonly proven: ProvenLedger
  readonly checkedAt: string
  readonly children: ReactNode
}

function Judged({ proven, checkedAt, children }: JudgedProps) {
  const { remembered, checkpoint, verifierKeys } = proven.evidence
  const words = remembered === undefined ? { ...WORDS, intact: FIRST_SEEN } : WORDS
  const before = readCheckpoint(remembered ?? '')
  const now = readCheckpoint(checkpoint)
  return (
    <Verdict judgement={proven} words={words}>
      {children}
      <Facts
        of={{
          Checked: <Moment at={checkedAt} />,
          'Seen before': before.kind === 'checkpoint' ? before.size.toLocaleString('en') : undefined,
          'Shown now': now.kind === 'checkpoint' ? now.size.toLocaleString('en') : undefined,
        }}
      />
      <details open={!areSame(proven.shownKeys, verifierKeys)}>
        <summary>
          Trusted keys
          {areSame(proven.shownKeys, verifierKeys) ? '' : ': the server shows others'}
        </summary>
        <TrustedKeys keys={verifierKeys} />
        {!areSame(proven.shownKeys, verifierKeys) && (
          <>
            <p>What the server shows now:</p>
            <pre className={styles.note} tabIndex={0}>
              {proven.shownKeys.join('\n')}
            </pre>
          </>
        )}
      </details>
    </Verdict>
  )
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text) => others.includes(text))
}
