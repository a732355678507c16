import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { Filter } from '@trailproof/core/query'
import { lazy, Suspense, useCallback } from 'react'
import type { Histogram as Counts, SearchPage as Page } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { Empty, Failed, Loading } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { not, withCondition } from './edit-query.ts'
import { Facets } from './facets.tsx'
import { Histogram } from './histogram.tsx'
import { LiveList } from './live-list.tsx'
import { QueryBar } from './query-bar.tsx'
import { loadQueryLanguage } from './query-language.ts'
import { RecordTable } from './record-table.tsx'
import styles from './search-page.module.css'
import { askedOf, type SearchState } from './search-state.ts'
import { TimeRange } from './time-range.tsx'

/** Comes with what proves a record, which the first view does without. */
const RecordPanel = lazy(() => import('../record/record-panel.tsx'))

const PAGE_RECORDS = 200
const BUCKETS = 90

interface SearchPageProps {
  readonly state: SearchState
  readonly onChange: (change: Partial<SearchState>) => void
}

export function SearchPage({ state, onChange }: SearchPageProps) {
  const { client } = useSession()
  const asked = askedOf(state)
  const found = useInfiniteQuery({
    queryKey: ['search', asked],
    queryFn: ({ pageParam, signal }) =>
      client.get<Page>('v1/search', {
        parameters: { ...asked, limit: PAGE_RECORDS, cursor: pageParam },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
  })
  const counts = useQuery({
    queryKey: ['histogram', asked],
    queryFn: ({ signal }) =>
      client.get<Counts>('v1/histogram', {
        parameters: { ...asked, by: 'outcome', buckets: BUCKETS },
        signal,
      }),
    placeholderData: keepPreviousData,
  })
  const records = found.data?.pages.flatMap((page) => page.records) ?? []

  const add = (condition: Filter): void =>
    void loadQueryLanguage().then((language) =>
      onChange({ q: withCondition(language, state.q, condition), record: '' }),
    ) // a page of ours that cannot be loaded any more is shown by the next search
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage() // its fault is shown as the query's
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])

  return (
    <main className={styles.page} tabIndex={-1}>
      <h1 className="for-readers-only">Records</h1>
      <div className={styles.ask}>
        <QueryBar query={state.q} ledger={state.ledger} onRun={(q) => onChange({ q, record: '' })} />
        <Button
          aria-pressed={state.live}
          className={styles.live}
          onClick={() => onChange({ live: !state.live, record: '' })}
        >
          <span aria-hidden="true">●</span> Live
        </Button>
        <TimeRange range={state} onChange={(range) => onChange({ ...range, record: '' })} />
      </div>
      <div className={styles.counts}>
        {counts.data !== undefined && counts.data.buckets.length > 0 && (
          <Histogram
            counts={counts.data}
            onTake={(from, to) => onChange({ last: '', from, to, record: '' })}
            onLeaveOut={(from, to) => add(not(between(from, to)))}
          />
        )}
      </div>
      <p className={styles.summary} role="status" aria-live="polite">
        {summaryOf(found.data?.pages, counts.data)}
      </p>
      <div className={styles.results} data-with-record={state.record !== ''}>
        <aside className={styles.facets}>
          <Facets state={state} onAdd={add} />
        </aside>
        <section className={styles.list} aria-busy={found.isFetching}>
          {state.live ? (
            <LiveList state={state} onChoose={(record) => onChange({ record })} />
          ) : found.error ? (
            <Failed error={found.error} onRetry={() => void found.refetch()} />
          ) : found.isPending ? (
            <Loading what="records" />
          ) : records.length === 0 ? (
            <Empty title="Nothing found">
              <p>No record of this time answers the query.</p>
              <Button onClick={() => onChange({ last: '', from: '', to: '' })}>Look at all time</Button>
            </Empty>
          ) : (
            <RecordTable
              records={records}
              columns={state.columns}
              chosen={state.record}
              onChoose={(record) => onChange({ record })}
              onEnd={onEnd}
            />
          )}
        </section>
        {state.record !== '' && (
          <Suspense fallback={<Loading what="the record" />}>
            <RecordPanel
              ledger={state.ledger || found.data?.pages[0]?.ledger || ''}
              id={state.record}
              known={records.find(({ id }) => id === state.record)}
              onAdd={add}
              onChoose={(record) => onChange({ record })}
              onClose={() => onChange({ record: '' })}
            />
          </Suspense>
        )}
      </div>
    </main>
  )
}

function between(from: string, to: string): Filter {
  const test = {
    op: 'range',
    low: { value: from, inclusive: true },
    high: { value: to, inclusive: false },
  } as const
  return { kind: 'field', field: 'timestamp', test }
}

function summaryOf(pages: readonly Page[] | undefined, counts: Counts | undefined): string {
  const [first] = pages ?? []
  if (first === undefined) return ''
  const total = counts?.buckets.reduce((sum, { count }) => sum + count, 0)
  const behind = first.size - first.indexed_size
  return [
    total === undefined ? '' : `${total.toLocaleString('en')} records`,
    `found in ${Math.round(first.took_ms)} ms`,
    first.complete ? '' : 'the search ended early, there may be more',
    behind > 0 ? `${behind.toLocaleString('en')} newest are not indexed yet` : '',
  ]
    .filter((text) => text !== '')
    .join(' · ')
}
