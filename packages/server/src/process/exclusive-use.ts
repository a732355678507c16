/** Keeps a second process out of a directory; the system lets go of it when the process ends, however it ends. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TrailproofError } from '../trailproof-error.ts'

export interface ExclusiveUseOptions {
  /** What is locked: a file in the directory that is made for it; each is a use of its own. Default `in-use`, the whole directory. */
  readonly file?: string
  /** How long another may have it before this is refused; the thread stands still until then. Default 0. */
  readonly waitMs?: number
}

/**
 * Takes a directory for this process: an exclusive transaction on a small SQLite file there, which is
 * a lock of the operating system and needs no clean-up after kill -9. Rejects with LOCK_HELD, which is retryable after a wait.
 */
export function takeExclusiveUse(
  directory: string,
  { file = 'in-use', waitMs = 0 }: ExclusiveUseOptions = {},
): Disposable {
  const db = new DatabaseSync(join(directory, file), { timeout: waitMs })
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    throw new TrailproofError('LOCK_HELD', `${directory} is in use by another Trailproof server`, {
      retryable: waitMs > 0,
      cause,
    })
  }
  return { [Symbol.dispose]: () => db.close() }
}
