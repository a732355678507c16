/**
 * Appends records to segments. One write is under way at a time; those that come meanwhile go together in the next. An
 * append resolves when the system has it: that survives the end of the process, and with `sync` a power cut.
 */
import { join } from 'node:path'
import type { SealedRecord } from '../sealed-record.ts'
import { segmentName } from './segment-name.ts'
import type { SegmentFile, SpoolDisk } from './spool-disk.ts'
import { SpoolError } from './spool-error.ts'
import { spoolLine } from './spool-line.ts'

/** What one write takes at most. */
const GROUP_BYTES_MAX = 4 * 2 ** 20
/** Records waiting for the disk beyond this are refused: a disk that hangs must not fill the memory. */
const PENDING_BYTES_MAX = 16 * 2 ** 20
/** A segment of which all is settled is left for a new one from this size on, so that it can be deleted. */
const SETTLED_BYTES_MAX = 2 ** 20

export interface SegmentWriterOptions {
  readonly disk: SpoolDisk
  readonly segmentBytesMax: number
  readonly sync: boolean
  /** Bytes that may still be written. */
  readonly bytesLeft: () => number
  /** Makes the directory for segments, or a new one when the last one is gone; gives its path. */
  readonly makeDirectory: () => Promise<string>
  readonly onSegment: (number: number) => void
  readonly onWritten: (number: number, bytes: number, records: number) => void
  readonly onClosed: (number: number) => void
  /** Whether all that was written is settled. */
  readonly isSettled: () => boolean
}

interface Pending {
  readonly line: Buffer
  readonly resolve: () => void
  readonly reject: (error: SpoolError) => void
}

interface Open {
  readonly file: SegmentFile
  readonly number: number
  /** Up to here all is whole. */
  bytes: number
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions
  #pending: Pending[] = []
  #pendingBytes = 0
  #open: Open | undefined
  #directory: string | undefined
  #lastNumber = 0
  #writing: Promise<void> | undefined
  #closed: Promise<void> | undefined

  constructor(options: SegmentWriterOptions) {
    this.#options = options
  }

  append(record: SealedRecord): Promise<void> {
    const line = spoolLine(record)
    if (this.#closed !== undefined)
      return Promise.reject(new SpoolError('spool_failed', 'the spool is closed'))
    if (line.length > this.#options.bytesLeft() - this.#pendingBytes)
      return Promise.reject(new SpoolError('spool_full', 'the spool is full'))
    if (this.#pendingBytes + line.length > PENDING_BYTES_MAX && this.#pending.length > 0)
      return Promise.reject(new SpoolError('spool_failed', 'the disk does not keep up'))
    return new Promise((resolve, reject) => {
      this.#pending.push({ line, resolve, reject })
      this.#pendingBytes += line.length
      this.#writing ??= this.#run()
    })
  }

  /** To a segment of its own: the last one may be in the middle of a write. Throws when the disk does. */
  appendSync(records: readonly SealedRecord[], directory: string): void {
    const lines = Buffer.concat(records.map(spoolLine))
    if (lines.length > this.#options.bytesLeft()) throw new SpoolError('spool_full', 'the spool is full')
    const number = ++this.#lastNumber
    this.#options.disk.createWholeSync(directory, segmentName(number), lines)
  }

  /** Writes what is pending; refuses afterwards. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#writing
    await this.#leaveSegment()
  }

  /** Contains its errors. */
  async #run(): Promise<void> {
    // Records of the same turn of the event loop share the first write.
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const group = this.#nextGroup()
      try {
        await this.#write(group)
        for (const { resolve } of group) resolve()
      } catch (cause) {
        const { message } = cause as Error
        const error =
          cause instanceof SpoolError
            ? cause
            : new SpoolError('spool_failed', `the spool failed: ${message}`, { cause })
        for (const { reject } of group) reject(error)
      }
    }
    this.#writing = undefined
  }

  #nextGroup(): Pending[] {
    let bytes = 0
    let count = 0
    for (const { line } of this.#pending) {
      if (count > 0 && bytes + line.length > GROUP_BYTES_MAX) break
      bytes += line.length
      count++
    }
    this.#pendingBytes -= bytes
    return this.#pending.splice(0, count)
  }

  async #write(group: readonly Pending[]): Promise<void> {
    const bytes = Buffer.concat(group.map(({ line }) => line))
    // A second try only where the directory is gone: taken over by a process that thought us dead, or deleted.
    for (let isSecond = false; ; isSecond = true) {
      const open = await this.#segmentFor(bytes.length)
      await this.#writeWhole(open, bytes)
      if (await open.file.isInPlace()) {
        open.bytes += bytes.length
        this.#options.onWritten(open.number, bytes.length, group.length)
        return
      }
      await this.#leaveSegment()
      this.#directory = undefined
      if (isSecond) throw new Error('the directory is gone')
    }
  }

  async #writeWhole(open: Open, bytes: Buffer): Promise<void> {
    const { file } = open
    try {
      for (let at = 0; at < bytes.length; ) {
        const written = await file.write(bytes.subarray(at), open.bytes + at)
        if (written === 0) throw new Error('the file takes no more')
        at += written
      }
    } catch (error) {
      await this.#cutTorn(open)
      throw error
    }
    if (!this.#options.sync) return
    try {
      await file.sync()
    } catch (error) {
      // A file whose sync has failed is not trusted with anything more (the system may have forgotten the pages).
      await this.#cutTorn(open)
      await this.#leaveSegment()
      throw error
    }
  }

  /** Nothing half written stays in the way: the segment ends where it was whole, or what follows goes to a new one. */
  async #cutTorn({ file, bytes }: Open): Promise<void> {
    try {
      await file.truncate(bytes)
    } catch {
      await this.#leaveSegment() // a reader passes over a torn end by itself
    }
  }

  async #segmentFor(bytes: number): Promise<Open> {
    const { disk, segmentBytesMax, makeDirectory, sync, onSegment, isSettled } = this.#options
    const open = this.#open
    if (open !== undefined) {
      const isFull = open.bytes > 0 && open.bytes + bytes > segmentBytesMax
      if (!isFull && !(open.bytes >= SETTLED_BYTES_MAX && isSettled())) return open
      await this.#leaveSegment()
    }
    this.#directory ??= await makeDirectory()
    const file = await this.#createSegment(this.#directory)
    const number = this.#lastNumber
    this.#open = { file, number, bytes: 0 }
    onSegment(number)
    if (sync) await disk.syncDirectory(this.#directory)
    return this.#open
  }

  async #createSegment(directory: string): Promise<SegmentFile> {
    for (;;)
      try {
        return await this.#options.disk.createSegment(join(directory, segmentName(++this.#lastNumber)))
      } catch (error) {
        // A stream of this name was here before: its segments are left as they are.
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
        this.#directory = undefined // it may be gone: the next append makes it again
        throw error
      }
  }

  async #leaveSegment(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    this.#options.onClosed(open.number)
    try {
      await open.file.close()
    } catch {
      // All of it that counts was written before; a handle that does not close is the system's to clean up.
    }
  }
}
