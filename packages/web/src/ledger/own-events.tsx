import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { SearchPage, ShownRecord } from '../api/answers.ts'
import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { More } from '../parts/more.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { Moment } from '../time/moment.tsx'
import { OWN_QUERY, saidOf, titleOf } from './own-actions.ts'

const PAGE_RECORDS = 20

/** Erasures, holds, gaps, conflicts, succession: what the ledger says of itself, the newest first. */
export function OwnEvents({ ledger }: { readonly ledger: string }) {
  const { client } = useSession()
  const found = useInfiniteQuery({
    queryKey: ['own', ledger],
    queryFn: ({ pageParam, signal }) =>
      client.get<SearchPage>('v1/search', {
        parameters: { ledger, q: OWN_QUERY, limit: PAGE_RECORDS, cursor: pageParam },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  return (
    <Panel title="What it says of itself">
      <Asked query={found} what="the ledger’s own entries">
        {({ pages }) => <Shown ledger={ledger} records={pages.flatMap((page) => page.records)} />}
      </Asked>
      <More label="Older" of={found} />
    </Panel>
  )
}

interface ShownProps {
  readonly ledger: string
  readonly records: readonly ShownRecord[]
}

function Shown({ ledger, records }: ShownProps) {
  if (records.length === 0)
    return (
      <Empty title="Nothing yet">
        <p>No erasure, retention, hold, gap, conflict or succession is recorded.</p>
      </Empty>
    )
  return (
    <DataTable
      label="The ledger’s own entries"
      rows={records}
      keyOf={({ index }) => index}
      columns={[
        { title: 'Recorded', show: ({ recorded_at }) => <Moment at={recorded_at} /> },
        {
          title: 'Entry',
          isFigure: true,
          show: ({ id, index }) => (
            <Link to="/" search={{ ledger, q: OWN_QUERY, last: '', record: id }}>
              {index.toLocaleString('en')}
            </Link>
          ),
        },
        { title: 'What', show: (record) => <strong>{titleOf(record)}</strong> },
        { title: 'With it', show: saidOf },
      ]}
    />
  )
}
