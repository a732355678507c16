import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { SearchPage } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty, Failed, Loading } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { Moment } from '../time/moment.tsx'
import styles from './ledger-page.module.css'
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
  const records = found.data?.pages.flatMap((page) => page.records) ?? []
  return (
    <Panel title="What it says of itself">
      {found.data === undefined ? (
        found.error ? (
          <Failed error={found.error} onRetry={() => void found.refetch()} />
        ) : (
          <Loading what="the ledger's own entries" />
        )
      ) : records.length === 0 ? (
        <Empty title="Nothing yet">
          <p>No erasure, retention, hold, gap, conflict or succession is recorded.</p>
        </Empty>
      ) : (
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
      )}
      {found.hasNextPage && (
        <div className={styles.actions}>
          <Button disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            Older
          </Button>
        </div>
      )}
    </Panel>
  )
}
