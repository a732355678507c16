/**
 * A durable, bounded, ordered queue in files: `<directory>/<stream>/000001.log` and on, a line a record. What a process that
 * ended has left in the directory is sent by the next one.
 */
import { join } from 'node:path'
import { report } from '../../recorder/diagnostics.ts'
import { type Clock, systemClock, type Timer } from '../clock.ts'
import type { Bounds } from '../memory-queue.ts'
import { outsideRequests } from '../outside-requests.ts'
import type { SealedRecord } from '../sealed-record.ts'
import { type LeftOver, takeLeftOvers } from './left-overs.ts'
import { SegmentQueue } from './segment-queue.ts'
import { SegmentWriter } from './segment-writer.ts'
import { isAbsent, nodeDisk, type SpoolDisk } from './spool-disk.ts'
import { HEARTBEAT_MS, OWNER_FILE, type Owner, thisProcess } from './spool-owner.ts'

export interface SpoolOptions {
  /** Made when it is not there, 0700. Processes of one service share it; services of different keys must not. */
  readonly directory: string
  /** The stream of this process: letters, digits, `.`, `_` and `-`. */
  readonly stream: string
  /** Beyond this many bytes in the directory, those of other processes included, records are refused. Default 256 MiB. */
  readonly bytesMax?: number
  /** Whether an append waits for the medium. Without it a record survives the process, with it a power cut. Default false. */
  readonly sync?: boolean
  /** A segment is closed when the next write would make it larger. Default 8 MiB. */
  readonly segmentBytesMax?: number
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: the system's. */
  readonly disk?: SpoolDisk
}

export interface SpoolBatch {
  readonly records: readonly SealedRecord[]
  /** Whether they are of this process; else they were left by one that has ended. */
  readonly own: boolean
  /** Records before them that cannot be read any more. They are let go of already. */
  readonly damaged: number
}

export interface Spool {
  /**
   * Looks for what others have left, now and from time to time; calls when there is some. Resolves after the first look.
   * Only the first call counts.
   */
  open(onFound: () => void): Promise<void>
  /** Records that wait to be sent, and their bytes on disk; those that others left included, once they are found. */
  readonly waitingRecords: number
  readonly waitingBytes: number
  /** At or before the number of the oldest record; -Infinity when it is another process's. Undefined: nothing waits. */
  readonly head: number | undefined
  /** On the clock's `elapsed`: since when something waits. */
  readonly oldestSince: number | undefined
  /** Resolves when the system has it; rejects with a SpoolError. */
  append(record: SealedRecord): Promise<void>
  /** The same without waiting, for the exit of the process. Nothing is taken afterwards. Throws when the disk does. */
  appendSync(records: readonly SealedRecord[]): void
  /** The oldest records, of one process; none when nothing waits. They stay until they are settled. */
  oldest(bounds: Bounds): Promise<SpoolBatch>
  /**
   * Lets go of the first `count` of the batch that `oldest` gave last. Never rejects: what cannot be noted on the disk is
   * sent again by the next process, under the same ids.
   */
  settle(count: number): Promise<void>
  /** Resolves when all that waits now has been settled. */
  settledAll(): Promise<void>
  /** What waits stays for the next process. */
  close(): Promise<void>
}

const BYTES_MAX = 256 * 2 ** 20
const SEGMENT_BYTES_MAX = 8 * 2 ** 20
/** How often others' left-overs are looked for, in heartbeats. */
const LOOK_EVERY = 3
const STREAM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** Touches no file before `open` or the first append. Throws a RangeError for options that cannot be meant. */
export function createSpool(options: SpoolOptions): Spool {
  if (!STREAM.test(options.stream))
    throw new RangeError(`${JSON.stringify(options.stream)} is no name of a stream`)
  const { bytesMax = BYTES_MAX, segmentBytesMax = SEGMENT_BYTES_MAX } = options
  if (!(bytesMax > 0) || !(segmentBytesMax > 0))
    throw new RangeError('bytesMax and segmentBytesMax are above 0')
  return new FileSpool({
    sync: false,
    clock: systemClock,
    disk: nodeDisk,
    ...options,
    bytesMax,
    segmentBytesMax,
  })
}

class FileSpool implements Spool {
  readonly #options: Required<SpoolOptions>
  readonly #self = thisProcess()
  /** ms since 1970. */
  readonly #since: number
  readonly #path: string
  readonly #writer: SegmentWriter
  /** Of this process; undefined before its first append. */
  #own: SegmentQueue | undefined
  #ownHead = 0
  /** Own records that vanished with their directory and were not told yet. */
  #vanished = 0
  #leftOvers: LeftOver[] = []
  /** The batch that `oldest` gave last. */
  #given: { readonly queue: SegmentQueue; readonly records: readonly SealedRecord[] } | undefined
  #othersBytes = 0
  #oldestSince: number | undefined
  #settled = 0
  #barriers: { readonly settled: number; readonly resolve: () => void }[] = []
  #timer: Timer | undefined
  #beats = 0
  #looking: Promise<void> | undefined
  #isLooking = false
  #isClosed = false

  constructor(options: Required<SpoolOptions>) {
    this.#options = options
    this.#path = join(options.directory, options.stream)
    this.#since = options.clock.now()
    const { disk, segmentBytesMax, sync, bytesMax } = options
    this.#writer = new SegmentWriter({
      disk,
      segmentBytesMax,
      sync,
      bytesLeft: () => bytesMax - this.#othersBytes - this.waitingBytes,
      makeDirectory: () => this.#makeDirectory(),
      onSegment: (number) => {
        this.#own ??= new SegmentQueue(this.#path, disk, onFault)
        this.#own.add(number)
      },
      onWritten: (number, bytes, records) => this.#own?.grow(number, bytes, records),
      onClosed: (number) => this.#own?.closeSegment(number),
      isSettled: () => this.#own?.isEmpty === true,
    })
  }

  async open(onFound: () => void): Promise<void> {
    if (this.#looking === undefined) this.#beat(onFound)
    await this.#looking
  }

  get waitingRecords(): number {
    return this.#queues.reduce((sum, { records }) => sum + records, this.#vanished)
  }

  get waitingBytes(): number {
    return this.#queues.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get head(): number | undefined {
    if (this.#leftOvers.length > 0) return -Infinity
    return this.waitingRecords > 0 ? this.#ownHead : undefined
  }

  get oldestSince(): number | undefined {
    return this.#oldestSince
  }

  async append(record: SealedRecord): Promise<void> {
    const since = this.#options.clock.elapsed()
    await this.#writer.append(record)
    // The first in an empty spool. Of those that were written together the first one comes here first.
    if (this.#oldestSince !== undefined) return
    this.#oldestSince = since
    this.#ownHead = record.seq
  }

  appendSync(records: readonly SealedRecord[]): void {
    this.#end()
    void this.#writer.close() // nothing asynchronous runs any more: it only refuses from here on
    this.#writer.appendSync(records, this.#path)
    try {
      this.#options.disk.createWholeSync(this.#path, OWNER_FILE, Buffer.from(this.#ownerText({})))
    } catch {
      // It is there. Were it not, the directory would count as left as soon as it is silent for long.
    }
  }

  async oldest(bounds: Bounds): Promise<SpoolBatch> {
    for (;;) {
      const [leftOver] = this.#leftOvers
      const queue = leftOver?.queue ?? this.#own
      const own = leftOver === undefined
      const vanished = this.#vanished
      if (own && vanished > 0) {
        this.#vanished = 0
        this.#count(vanished)
        return { records: [], own, damaged: vanished }
      }
      if (queue === undefined) return { records: [], own, damaged: 0 }
      try {
        const { records, damaged } = await queue.oldest(bounds)
        this.#given = { queue, records }
        this.#count(damaged)
        if (records.length > 0 || damaged > 0 || own) return { records, own, damaged }
        await this.#finish(leftOver)
      } catch (error) {
        if (!isAbsent(error) || !(await this.#isGone(queue.directory))) throw error
        if (own) await this.#letGoOfOwn()
        else this.#leftOvers = this.#leftOvers.filter((other) => other !== leftOver)
      }
    }
  }

  async settle(count: number): Promise<void> {
    if (this.#given === undefined) return
    const { queue, records } = this.#given
    await queue.settle(count)
    const leftOver = this.#leftOvers.find((one) => one.queue === queue)
    if (queue === this.#own) this.#ownHead = (records[count - 1]?.seq ?? this.#ownHead) + 1
    else if (leftOver !== undefined && queue.isEmpty) await this.#finish(leftOver)
    this.#count(count)
  }

  async settledAll(): Promise<void> {
    await this.#looking
    const waiting = this.waitingRecords
    if (waiting > 0)
      await new Promise<void>((resolve) => this.#barriers.push({ settled: this.#settled + waiting, resolve }))
  }

  async close(): Promise<void> {
    this.#end()
    await this.#looking
    await this.#writer.close()
    for (const queue of this.#queues)
      try {
        if (await queue.removeIfEmpty([OWNER_FILE])) continue
        // Whoever comes next need not wait to see that we have ended.
        await this.#options.disk.replaceText(
          join(queue.directory, OWNER_FILE),
          this.#ownerText({ released: true }),
        )
      } catch (error) {
        onFault('close of the spool', error)
      }
  }

  get #queues(): readonly SegmentQueue[] {
    const leftOvers = this.#leftOvers.map(({ queue }) => queue)
    return this.#own === undefined ? leftOvers : [...leftOvers, this.#own]
  }

  #count(settled: number): void {
    this.#settled += settled
    const isEmpty = this.waitingRecords === 0
    if (isEmpty) this.#oldestSince = undefined
    for (const { resolve } of this.#barriers.filter((barrier) => isEmpty || barrier.settled <= this.#settled))
      resolve()
    this.#barriers = this.#barriers.filter((barrier) => !isEmpty && barrier.settled > this.#settled)
  }

  /** Says that we live, and looks for those that do not any more. */
  #beat(onFound: () => void): void {
    if (this.#isClosed) return
    if (this.#beats++ % LOOK_EVERY !== 0 || this.#isLooking) void this.#touchAll()
    else this.#looking = this.#look(onFound)
    this.#timer = outsideRequests(() => this.#options.clock.after(HEARTBEAT_MS, () => this.#beat(onFound)))
  }

  async #touchAll(): Promise<void> {
    for (const { directory } of this.#queues)
      try {
        await this.#options.disk.touch(join(directory, OWNER_FILE))
      } catch (error) {
        if (!isAbsent(error)) onFault('heartbeat of the spool', error)
      }
  }

  async #look(onFound: () => void): Promise<void> {
    const { directory, stream, disk } = this.#options
    this.#isLooking = true
    try {
      await this.#touchAll()
      const isOurs = (path: string): boolean => this.#queues.some((queue) => queue.directory === path)
      const looked = await takeLeftOvers({ directory, stream, self: this.#self, disk, isOurs, onFault })
      this.#othersBytes = looked.othersBytes
      this.#leftOvers.push(...looked.taken)
      if (looked.taken.length > 0) onFound()
    } catch (error) {
      if (!isAbsent(error)) onFault('look into the spool', error)
    } finally {
      this.#isLooking = false
    }
  }

  async #finish(leftOver: LeftOver): Promise<void> {
    this.#leftOvers = this.#leftOvers.filter((other) => other !== leftOver)
    try {
      await leftOver.queue.removeIfEmpty([OWNER_FILE])
    } catch (error) {
      onFault('left-over spool', error)
    }
  }

  async #makeDirectory(): Promise<string> {
    const { directory, disk, sync } = this.#options
    if (this.#own !== undefined && (await this.#isGone(this.#path))) await this.#letGoOfOwn()
    await disk.makeDirectory(this.#path)
    await disk.replaceText(join(this.#path, OWNER_FILE), this.#ownerText({}))
    if (sync) await disk.syncDirectory(directory)
    return this.#path
  }

  async #isGone(directory: string): Promise<boolean> {
    try {
      await this.#options.disk.stateOf(directory)
      return false
    } catch (error) {
      return isAbsent(error)
    }
  }

  /** The directory is gone: another process took it over, thinking us dead, and sends what is in it; or it was deleted. */
  async #letGoOfOwn(): Promise<void> {
    const { directory, stream, disk } = this.#options
    const waiting = this.#own?.records ?? 0
    this.#own = undefined
    if (waiting === 0) return
    const names = await disk.list(directory).catch(() => [])
    const isTakenOver = names.some((name) => name.startsWith(`${stream}~`))
    onFault('spool', new Error(`${this.#path} is ${isTakenOver ? 'taken over by another process' : 'gone'}`))
    if (isTakenOver) this.#count(waiting)
    else this.#vanished += waiting
  }

  #ownerText(more: Partial<Owner>): string {
    return JSON.stringify({ ...this.#self, since: this.#since, ...more } satisfies Owner)
  }

  #end(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }
}

function onFault(where: string, error: unknown): void {
  report({ kind: 'fault', where, error })
}
