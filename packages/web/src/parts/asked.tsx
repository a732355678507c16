import type { ReactNode } from 'react'
import styles from './asked.module.css'
import { Failed, Loading, messageOf } from './states.tsx'

/** A query of one answer, or of pages of them. */
interface Query<Data> {
  readonly data: Data | undefined
  readonly error: unknown
  readonly refetch: () => Promise<unknown>
}

interface AskedProps<Data> {
  readonly query: Query<Data>
  /** What is loaded, as in "Loading the keys …". */
  readonly what: string
  readonly children: (data: Data) => ReactNode
}

/**
 * What was asked for, once it is there; until then, or when it cannot be had, the screen that says so. What is there stays, and
 * when it could not be asked for again that is said.
 */
export function Asked<Data>({ query: { data, error, refetch }, what, children }: AskedProps<Data>) {
  if (data === undefined)
    return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading what={what} />
  return (
    <>
      {error !== null && (
        <p role="alert" className={styles.old}>
          ✕ This is what was known before. {messageOf(error)}.
        </p>
      )}
      {children(data)}
    </>
  )
}
