/** One JSON line a record in a file that is rotated by size. */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { type FileHandle, mkdir, open as openFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Clock, systemClock } from '../delivery/clock.ts'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { report } from '../recorder/diagnostics.ts'
import type { Given } from '../recorder/given.ts'
import { InTurn } from './in-turn.ts'
import { moveAside, tidyRotated } from './rotated-files.ts'
import { type Delivered, type Sink, SinkError } from './sink.ts'

export interface FileSinkOptions {
  /** The directory is made when it is not there. Rotated files get the time before the extension. */
  readonly path: string
  /** The file is rotated before a batch would make it larger. Default 10 MiB. */
  readonly bytesMax?: number | undefined
  /** Rotated files that are kept; 0: all. Default 3. */
  readonly filesMax?: number | undefined
  /** Days for which rotated files are kept; 0: for ever. Default 28. */
  readonly daysMax?: number | undefined
  /** Rotated files are compressed, but for those of the last minute, which other processes may still have open. Default `gzip`. */
  readonly compress?: 'gzip' | 'none' | undefined
  /** Permissions of new files. Default 0o600. */
  readonly mode?: number | undefined
  /** Default: the system's. */
  readonly clock?: Pick<Clock, 'now'> | undefined
}

export interface FileSink extends Sink {
  /** Opens the path anew before the next batch: for whoever moves the file himself. Moved files are noticed without it, too. */
  reopen(): void
}

interface Open {
  readonly file: FileHandle
  readonly dev: bigint
  readonly ino: bigint
  readonly bytes: number
}

/** A rotation that failed is tried again so much later. */
const ROTATION_RETRY_MS = 60_000

/**
 * A batch is one write at the end of the file, so that several processes can share it: lines are neither split nor mixed,
 * short of a disk that is full. What rotation fails at is reported, and writing goes on in the file as it is.
 */
export function fileSink(options: FileSinkOptions): FileSink {
  return new RotatedFile(options)
}

class RotatedFile implements FileSink {
  readonly name: string
  readonly #path: string
  readonly #options: Given<FileSinkOptions>
  readonly #turn = new InTurn()
  #open: Open | undefined
  #reopen = false
  /** The last write stopped in the middle of a line. */
  #isTorn = false
  #rotateAfter = 0
  #tidying: Promise<void> | undefined

  constructor(options: FileSinkOptions) {
    const { bytesMax = 10 * 2 ** 20, filesMax = 3, daysMax = 28, path } = options
    const { compress = 'gzip', mode = 0o600, clock = systemClock } = options
    this.#options = { bytesMax, filesMax, daysMax, path, compress, mode, clock }
    if (!(bytesMax > 0) || !(filesMax >= 0) || !(daysMax >= 0))
      throw new RangeError('bytesMax is above 0; filesMax and daysMax are at least 0')
    this.#path = resolve(path)
    this.name = `file ${path}`
  }

  // A write cannot be taken back: the signal changes nothing.
  write(batch: readonly SealedRecord[]): Promise<readonly Delivered[]> {
    return this.#turn.run(async () => {
      const bytes = Buffer.from(linesOf(batch))
      try {
        await this.#writeWhole(await this.#fileFor(bytes.length), bytes)
      } catch (cause) {
        throw new SinkError(`${this.#path}: ${(cause as Error).message}`, { retryable: true, cause })
      }
      return batch.map(() => ({ kind: 'written' }))
    })
  }

  writeSync(batch: readonly SealedRecord[]): void {
    if (batch.length === 0) return
    const bytes = Buffer.from((this.#isTorn ? '\n' : '') + linesOf(batch))
    // Not the open file: its handle may be in use by a write that is under way, or closing.
    const file = openSync(this.#path, 'a', this.#options.mode)
    try {
      const before = fstatSync(file).size
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      if (fstatSync(file).size < before + bytes.length) throw new Error('the file became shorter')
    } finally {
      closeSync(file)
    }
  }

  reopen(): void {
    this.#reopen = true
  }

  close(): Promise<void> {
    return this.#turn.run(async () => {
      await this.#closeFile()
      await this.#tidying
    })
  }

  async #writeWhole(open: Open, lines: Buffer): Promise<void> {
    const bytes = this.#isTorn ? Buffer.concat([NEWLINE, lines]) : lines
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await open.file.write(bytes, at)
      if (bytesWritten === 0) throw new Error('the file takes no more')
      at += bytesWritten
      // What a full disk cuts off stays a line of its own; all of the batch comes again behind it.
      this.#isTorn = at < bytes.length
    }
  }

  /** The file to write so many bytes to, rotated when it has to be. */
  async #fileFor(bytes: number): Promise<Open> {
    const now = this.#options.clock.now()
    let open = await this.#current()
    const { bytesMax } = this.#options
    if (open.bytes === 0 || open.bytes + bytes <= bytesMax || now < this.#rotateAfter) return open
    try {
      await moveAside(this.#path, now)
      const moved = open
      open = await this.#openFile()
      await moved.file.close()
      this.#tidy(now)
    } catch (error) {
      // Another process has rotated it just now.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.#current()
      // The handle is good, wherever its file is now.
      this.#rotateAfter = now + ROTATION_RETRY_MS
      report({ kind: 'fault', where: `rotation of ${this.#path}`, error })
    }
    return open
  }

  /** The open file, if it still is the one at the path: another process may have rotated it. */
  async #current(): Promise<Open> {
    const open = this.#open
    if (open === undefined) return this.#openFile()
    const there = await stat(this.#path, { bigint: true }).catch(() => undefined)
    if (!this.#reopen && there?.ino === open.ino && there.dev === open.dev) {
      return { ...open, bytes: Number(there.size) }
    }
    try {
      const opened = await this.#openFile()
      await open.file.close()
      return opened
    } catch (error) {
      report({ kind: 'fault', where: `opening ${this.#path}`, error })
      return open
    }
  }

  async #openFile(): Promise<Open> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    const file = await openFile(this.#path, 'a', this.#options.mode)
    const { dev, ino, size } = await file.stat({ bigint: true })
    this.#reopen = false
    this.#open = { file, dev, ino, bytes: Number(size) }
    return this.#open
  }

  /** In the background; one at a time. */
  #tidy(now: number): void {
    const { compress, filesMax, daysMax } = this.#options
    const keep = { filesMax, daysMax, compress: compress === 'gzip' }
    const before = this.#tidying ?? Promise.resolve()
    this.#tidying = before
      .then(() => tidyRotated(this.#path, keep, now))
      .catch((error: unknown) => {
        // Another process may be at it, too.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          report({ kind: 'fault', where: `rotated files of ${this.#path}`, error })
      })
  }

  async #closeFile(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.file.close()
  }
}

const NEWLINE = Buffer.from('\n')

function linesOf(batch: readonly SealedRecord[]): string {
  return batch.map(({ line }) => `${line}\n`).join('')
}
