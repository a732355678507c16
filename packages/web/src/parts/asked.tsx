import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Failed, Loading } from './states.tsx'

interface AskedProps<Data> {
  readonly query: UseQueryResult<Data>
  /** What is loaded, as in "Loading the keys …". */
  readonly what: string
  readonly children: (data: Data) => ReactNode
}

/** What was asked for, once it is there; until then, or when it cannot be had, the screen that says so. */
export function Asked<Data>({ query: { data, error, refetch }, what, children }: AskedProps<Data>) {
  if (data !== undefined) return children(data)
  if (error) return <Failed error={error} onRetry={() => void refetch()} />
  return <Loading what={what} />
}
