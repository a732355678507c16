/** Keeps a second process out of a directory; the system lets go of it when the process ends, however it ends. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TrailproofError } from '../trailproof-error.ts'

/**
 * Takes a directory for this process: an exclusive transaction on a small SQLite file there, which is
 * a lock of the operating system and needs no clean-up after kill -9. Rejects with LOCK_HELD.
 */
export function takeExclusiveUse(directory: string): Disposable {
  const db = new DatabaseSync(join(directory, 'in-use'), { timeout: 0 })
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    throw new TrailproofError('LOCK_HELD', `${directory} is in use by another Trailproof server`, { cause })
  }
  return { [Symbol.dispose]: () => db.close() }
}
