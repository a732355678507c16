import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Asked } from '../parts/asked.tsx'
import { Button } from '../parts/button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { More } from '../parts/more.tsx'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { Moment } from '../time/moment.tsx'
import styles from './admin.module.css'
import { OfLedger } from './of-ledger.tsx'
import { type Quarantined, QuarantinedPanel } from './quarantined-panel.tsx'

interface Page {
  readonly ledger: string
  readonly total: number
  readonly records: readonly Quarantined[]
}

const PAGE_RECORDS = 50

/** Records that were not valid: to be mended, or destroyed. */
export function Quarantine() {
  return <OfLedger>{(ledger) => <QuarantineOf key={ledger} ledger={ledger} />}</OfLedger>
}

function QuarantineOf({ ledger }: { readonly ledger: string }) {
  const { client } = useSession()
  const [chosen, setChosen] = useState<string>()
  const [said, say] = useState<string>()
  const found = useInfiniteQuery({
    queryKey: ['quarantine', ledger],
    queryFn: ({ pageParam, signal }) =>
      client.get<Page>('v1/quarantine', {
        parameters: { ledger, limit: PAGE_RECORDS, after: pageParam },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ records }) => (records.length < PAGE_RECORDS ? undefined : records.at(-1)!.id),
  })
  const record = found.data?.pages.flatMap(({ records }) => records).find(({ id }) => id === chosen)
  return (
    <>
      <Notice>{said}</Notice>
      {record !== undefined && (
        <QuarantinedPanel
          key={record.id}
          record={record}
          onClose={() => setChosen(undefined)}
          onSettled={(what) => {
            say(what)
            setChosen(undefined)
          }}
        />
      )}
      <Panel title={`Not valid, of ledger ${ledger}`}>
        <Asked query={found} what="the quarantine">
          {({ pages }) => (
            <Shown
              records={pages.flatMap(({ records }) => records)}
              total={pages.at(-1)!.total}
              onChoose={setChosen}
            />
          )}
        </Asked>
        <More label="More" of={found} />
      </Panel>
    </>
  )
}

interface ShownProps extends Omit<Page, 'ledger'> {
  readonly onChoose: (id: string) => void
}

function Shown({ records, total, onChoose }: ShownProps) {
  if (records.length === 0) return <Empty title="The quarantine is empty" />
  return (
    <>
      <p className={styles.quiet}>
        {records.length} of {total}, the oldest first.
      </p>
      <DataTable
        label="Quarantined records"
        rows={records}
        keyOf={({ id }) => id}
        columns={[
          { title: 'Came at', show: ({ received_at: at }) => <Moment at={at} /> },
          { title: 'By the key', show: ({ key }) => <code>{key}</code> },
          {
            title: 'What is wrong',
            show: ({ problems }) =>
              problems.map(({ field, message }) => `${field || 'record'}: ${message}`).join('; '),
          },
        ]}
        acts={({ id, received_at: at }) => (
          <Button aria-label={`Look at it: ${at}`} onClick={() => onChoose(id)}>
            Look at it
          </Button>
        )}
      />
    </>
  )
}
