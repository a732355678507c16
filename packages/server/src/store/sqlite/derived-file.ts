/** Files that are made from the ledger: one that cannot be read is put aside and made again. */
import { existsSync, renameSync, rmSync } from 'node:fs'

/** SQLite result codes: the file is malformed, or no database at all. */
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/**
 * Opens `path` by `create`. When the file is corrupt it is kept as `<path>.broken` for whoever wants to
 * know why, `onBroken` is told, and `create` starts from nothing.
 */
export function openDerived<T>(
  path: string,
  create: (path: string) => T,
  onBroken: (error: Error) => void,
): T {
  try {
    return create(path)
  } catch (error) {
    if (!isCorrupt(error)) throw error
    onBroken(error as Error)
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    if (existsSync(path)) renameSync(path, `${path}.broken`)
    return create(path)
  }
}

function isCorrupt(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  // Extended codes carry the plain one in their low byte.
  return typeof errcode === 'number' && [SQLITE_CORRUPT, SQLITE_NOTADB].includes(errcode & 0xff)
}
