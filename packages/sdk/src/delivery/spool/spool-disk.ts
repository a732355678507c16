/** The few things a spool does to files. Tests bring disks that fail. */
import { type BigIntStats, closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises'

/** A segment that is being written. */
export interface SegmentFile {
  /** Gives how many bytes were written, which may be fewer. */
  write(bytes: Uint8Array, position: number): Promise<number>
  truncate(length: number): Promise<void>
  /** Content and length are on the medium once it resolves. */
  sync(): Promise<void>
  /** Whether the path still leads to this very file: it may have been moved or deleted with its directory. */
  isInPlace(): Promise<boolean>
  close(): Promise<void>
}

export interface FileState {
  readonly bytes: number
  /** ms since 1970 by the clock of the file system. */
  readonly modifiedAt: number
}

/** All reject with Node's errors. Files are 0600, directories 0700. */
export interface SpoolDisk {
  makeDirectory(path: string): Promise<void>
  /** Names in a directory. */
  list(path: string): Promise<readonly string[]>
  /** Makes a new file; rejects when there is one. */
  createSegment(path: string): Promise<SegmentFile>
  read(path: string, position: number, length: number): Promise<Buffer>
  readText(path: string): Promise<string>
  /** Replaces a file whole, or not at all. */
  replaceText(path: string, text: string): Promise<void>
  /** Sets the time of modification to now. */
  touch(path: string): Promise<void>
  stateOf(path: string): Promise<FileState>
  rename(from: string, to: string): Promise<void>
  removeFile(path: string): Promise<void>
  /** Only an empty one. */
  removeDirectory(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** Makes a new file with this content, and its directory if it has to; synchronously, for the exit of the process. */
  createWholeSync(directory: string, name: string, bytes: Uint8Array): void
}

export const nodeDisk: SpoolDisk = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  list: (path) => readdir(path),
  async createSegment(path) {
    const file = await open(path, 'wx', 0o600)
    const own = await file.stat({ bigint: true })
    return {
      write: async (bytes, position) => (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
      truncate: (length) => file.truncate(length),
      sync: () => file.datasync(),
      async isInPlace() {
        const there = await stat(path, { bigint: true }).catch(absent)
        return there !== undefined && there.ino === own.ino && there.dev === own.dev
      },
      close: () => file.close(),
    }
  },
  async read(path, position, length) {
    const file = await open(path, 'r')
    try {
      const bytes = Buffer.allocUnsafe(length)
      let at = 0
      while (at < length) {
        const { bytesRead } = await file.read(bytes, at, length - at, position + at)
        if (bytesRead === 0) break
        at += bytesRead
      }
      return bytes.subarray(0, at)
    } finally {
      await file.close()
    }
  },
  readText: (path) => readFile(path, 'utf8'),
  async replaceText(path, text) {
    const temporary = `${path}.new`
    await writeFile(temporary, text, { mode: 0o600 })
    await rename(temporary, path)
  },
  async touch(path) {
    const now = new Date()
    await utimes(path, now, now)
  },
  async stateOf(path) {
    const { size, mtimeMs } = await stat(path)
    return { bytes: size, modifiedAt: mtimeMs }
  },
  rename,
  removeFile: (path) => rm(path, { force: true }),
  removeDirectory: (path) => rmdir(path),
  async syncDirectory(path) {
    const directory = await open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
  createWholeSync(directory, name, bytes) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const file = openSync(`${directory}/${name}`, 'wx', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(file, bytes, at)
        if (written === 0) throw new Error('the file takes no more')
        at += written
      }
    } finally {
      closeSync(file)
    }
  },
}

function absent(error: unknown): BigIntStats | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
  throw error
}

/** Whether what was asked for is not there. */
export function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}
