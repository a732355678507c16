/** The one moment at which a change can be done without our knowing it. */
import type pg from 'pg'
import { TrailproofError } from '../../trailproof-error.ts'
import { isConnectionFault } from './postgres-fault.ts'

/**
 * Runs the statement after which a change is durable: COMMIT, or one that is a transaction of its own. Rejects with
 * OUTCOME_UNKNOWN when the connection is lost on it; with the server's error when the server says that it failed, and then
 * nothing was changed. Whoever asks afterwards what became of it has to change something too (raise an epoch), not only
 * read: what a primary shows may not be on its standby yet.
 */
export async function commitBy(
  client: pg.PoolClient,
  statement: string,
  values?: readonly unknown[],
): Promise<pg.QueryResult<Record<string, unknown>>> {
  let doubt: string | undefined
  // A server that is told to stop waiting for its standby commits without it, and says so in a warning.
  const onNotice = ({ severity, message }: { severity?: unknown; message?: string | undefined }): void => {
    if (severity === 'WARNING') doubt = message ?? 'the server warned'
  }
  client.on('notice', onNotice)
  try {
    const result = await client.query<Record<string, unknown>>(statement, values && [...values])
    if (doubt !== undefined) throw unknown(new Error(doubt))
    // A transaction that had failed is rolled back by COMMIT, without an error.
    if (result.command === 'ROLLBACK') throw new Error('COMMIT was answered with ROLLBACK')
    return result
  } catch (error) {
    throw isConnectionFault(error) ? unknown(error) : error
  } finally {
    client.removeListener('notice', onNotice)
  }
}

function unknown(cause: unknown): TrailproofError {
  return new TrailproofError('OUTCOME_UNKNOWN', `commit failed: ${(cause as Error).message}`, { cause })
}
