import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { syncDirectory } from '../ledger/file-checkpoint-lock.ts'

/**
 * Makes a directory, and those above it that are missing, for the owner alone. A synced file is lost in a
 * power cut when the name of its directory is not synced too, so the names are, up to what was there before.
 */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  let directory = resolve(path)
  if (first === undefined) return syncNameOfExisting(directory)
  for (const highest = resolve(first); ; directory = dirname(directory)) {
    syncDirectory(dirname(directory))
    if (directory === highest) return
  }
}

/** An earlier start may have made it and died before the sync. */
function syncNameOfExisting(directory: string): void {
  try {
    syncDirectory(dirname(directory))
  } catch (error) {
    // Where we may not read the directory above, we did not make this one either.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
  }
}
