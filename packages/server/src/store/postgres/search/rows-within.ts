/** Questions that the server itself ends when their time is over. */
import type pg from 'pg'
import { TrailproofError } from '../../../trailproof-error.ts'
import type { Connections } from '../connections.ts'
import { isConnectionFault, stateOf } from '../postgres-fault.ts'

/** A question that comes late still gets so long: its answer is cut, not missing. */
const TIMEOUT_MS_MIN = 50

/**
 * For a query whose terms are to be looked up: without statistics the planner takes each term for one that a hundredth of
 * all entries have, and of several would rather read the table.
 */
export const BY_TERMS = 'SET LOCAL enable_seqscan = off;'

/**
 * The rows of one query, each as an array; undefined when the time was over before it was done. Asked once more on another
 * connection when the first was lost.
 */
export async function rowsWithin<Row extends readonly unknown[]>(
  connections: Connections,
  query: string,
  timeoutMs: number,
  settings = '',
): Promise<readonly Row[] | undefined> {
  const timeout = Math.ceil(Math.min(2 ** 31 - 1, Math.max(TIMEOUT_MS_MIN, timeoutMs)))
  // Statements that come in one message are one transaction, to whose end the settings last. Compiling takes longer than asking.
  const text = `SET LOCAL statement_timeout = ${timeout}; SET LOCAL jit = off; ${settings} ${query}`
  const once = (): Promise<readonly Row[]> =>
    connections.use('search', async (client) => {
      const results = (await client.query({ text, rowMode: 'array' })) as unknown as pg.QueryArrayResult[]
      return results.at(-1)!.rows as unknown as Row[] // one result a statement, which the client's types leave out
    })
  try {
    try {
      return await once()
    } catch (error) {
      if (!isConnectionFault(error)) throw error
      return await once()
    }
  } catch (error) {
    if (error instanceof TrailproofError && stateOf(error.cause ?? {}) === '57014') return undefined
    throw error
  }
}
