/** What a rotated log leaves behind: `app-2026-11-20T12-00-00.000.log`, compressed later, deleted in time. */

import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

export interface Keep {
  /** Rotated files that are kept; 0: all. */
  readonly filesMax: number
  /** Days for which rotated files are kept; 0: for ever. */
  readonly daysMax: number
  readonly compress: boolean
}

interface Rotated {
  readonly path: string
  /** ms since 1970. */
  readonly at: number
  readonly isCompressed: boolean
}

const DAY_MS = 86_400_000
/** Compressing a file takes no longer. */
const HALF_DONE_MS = 3_600_000
/** A process that has the file open has written by then what it was about to write, however slow the machine. */
const QUIET_MS = 60_000
const TIME = String.raw`(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})`

/** Moves a file out of the way under the name of its time; gives the new path. Rejects with ENOENT when it is gone. */
export async function moveAside(path: string, now: number): Promise<string> {
  const aside = await reserve(path, now)
  try {
    await rename(path, aside)
    return aside
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
}

/** An empty file of a name that nobody has, which the rename replaces: another process may rotate in the same millisecond. */
async function reserve(path: string, now: number): Promise<string> {
  for (let at = now; ; at++) {
    const aside = rotatedPath(path, at)
    if (await isThere(`${aside}.gz`)) continue
    try {
      const file = await open(aside, 'wx', 0o600)
      await file.close()
      return aside
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/**
 * Deletes what is beyond the bounds and compresses the others, all but the newest and those written to within the last minute:
 * another process may still have them open and write a last line.
 */
export async function tidyRotated(
  path: string,
  { filesMax, daysMax, compress }: Keep,
  now: number,
): Promise<void> {
  const rotated = await rotatedFiles(path)
  for (const [place, file] of rotated.entries()) {
    const isTooMany = filesMax > 0 && place >= filesMax
    const isTooOld = daysMax > 0 && now - file.at > daysMax * DAY_MS
    if (isTooMany || isTooOld) await rm(file.path, { force: true })
    else if (compress && place > 0 && !file.isCompressed) await compressFile(file.path)
  }
}

/** Newest first. */
async function rotatedFiles(path: string): Promise<Rotated[]> {
  const directory = dirname(path)
  const extension = extname(path)
  const prefix = `${escape(basename(path, extension))}-${TIME}${escape(extension)}`
  const name = new RegExp(`^${prefix}(\\.gz)?$`, 'u')
  const halfDone = new RegExp(`^${prefix}(\\.gz\\..{36}\\.new)$`, 'u')
  const rotated: Rotated[] = []
  for (const found of await readdir(directory)) {
    if (halfDone.test(found)) await removeHalfDone(join(directory, found))
    const [, day, hour, minute, second, gz] = name.exec(found) ?? []
    const at = Date.parse(`${day}T${hour}:${minute}:${second}Z`)
    if (!Number.isNaN(at)) rotated.push({ path: join(directory, found), at, isCompressed: gz !== undefined })
  }
  return rotated.toSorted((a, b) => b.at - a.at)
}

/** For a regular expression. */
function escape(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_]/g, String.raw`\$&`)
}

function rotatedPath(path: string, at: number): string {
  const extension = extname(path)
  const time = new Date(at).toISOString().slice(0, -1).replaceAll(':', '-')
  return join(dirname(path), `${basename(path, extension)}-${time}${extension}`)
}

async function compressFile(path: string): Promise<void> {
  const temporary = `${path}.gz.${randomUUID()}.new`
  try {
    const file = await open(path)
    try {
      const { mode, mtimeMs, size } = await file.stat()
      // Empty: reserved by a process that is about to put the log in its place, which must not be deleted for it.
      if (size === 0 || Date.now() - mtimeMs < QUIET_MS) return
      const source = file.createReadStream({ autoClose: false })
      await pipeline(source, createGzip(), createWriteStream(temporary, { mode: mode & 0o777 }))
      const [{ ino }, there] = await Promise.all([file.stat(), stat(path)])
      // Nothing came while it was read, and it is the same file still.
      if (there.ino !== ino || there.size !== source.bytesRead) return await rm(temporary, { force: true })
    } finally {
      await file.close()
    }
    await rename(temporary, `${path}.gz`)
    await rm(path)
  } catch (error) {
    await rm(temporary, { force: true })
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** What a process that ended left half compressed. */
async function removeHalfDone(path: string): Promise<void> {
  const { mtimeMs } = await stat(path)
  if (Date.now() - mtimeMs > HALF_DONE_MS) await rm(path, { force: true })
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
