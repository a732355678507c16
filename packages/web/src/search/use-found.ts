import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type { SearchPage, ShownRecord } from '../api/answers.ts'
import { useSession } from '../session/session.tsx'
import type { Table } from './table-result.tsx'

export interface FoundRecords {
  /** Of all pages that are loaded. */
  readonly records: readonly ShownRecord[]
  /** What the query's pipes make instead of records. */
  readonly table: Table | undefined
  readonly first: SearchPage | undefined
  readonly isPending: boolean
  readonly isFetching: boolean
  /** Whether it is the answer to the search before, until that to this one comes. */
  readonly isOfBefore: boolean
  /** Of the search, or of its next page: what came before is there, then. */
  readonly error: Error | null
  readonly retry: () => void
  /** Loads the next page, if there is one and it is not on its way. */
  readonly loadMore: () => void
}

const PAGE_RECORDS = 200

/** The answer to a search, page after page; that of the search before stays until it comes. */
export function useFound(asked: Readonly<Record<string, string>>): FoundRecords {
  const { client } = useSession()
  const found = useInfiniteQuery({
    queryKey: ['search', asked],
    queryFn: ({ pageParam, signal }) =>
      client.get<SearchPage | (Table & SearchPage)>('v1/search', {
        parameters: { ...asked, limit: PAGE_RECORDS, cursor: pageParam },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
    placeholderData: keepPreviousData,
  })
  const { data, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, refetch } = found
  const [first] = data?.pages ?? []
  const table = first !== undefined && 'rows' in first ? first : undefined
  const records = useMemo(
    () => (table === undefined ? (data?.pages.flatMap((page) => page.records) ?? []) : []),
    [data, table],
  )
  const loadMore = useCallback(() => {
    // After a fault only whoever looks asks again; it is shown as the query's.
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage])
  const retry = useCallback(
    () => void (isFetchNextPageError ? fetchNextPage() : refetch()),
    [isFetchNextPageError, fetchNextPage, refetch],
  )
  const { isPending, isFetching, isPlaceholderData: isOfBefore, error } = found
  return { records, table, first, isPending, isFetching, isOfBefore, error, retry, loadMore }
}
