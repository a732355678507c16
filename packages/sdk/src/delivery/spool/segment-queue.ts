/**
 * The records of one directory of segments, read in order from a cursor. The cursor is on the disk after each settled batch;
 * what is settled and not noted there when the process dies is sent once more, under the same ids.
 */
import { join } from 'node:path'
import type { Bounds } from '../memory-queue.ts'
import type { SealedRecord } from '../sealed-record.ts'
import { segmentName, segmentNumber } from './segment-name.ts'
import type { SpoolDisk } from './spool-disk.ts'
import { beginsLikeLine, NEWLINE, readSpoolLine, salvage } from './spool-line.ts'

const CURSOR = 'cursor'
const READ_BYTES = 256 * 1024
const COUNT_BYTES = 2 ** 20
/** A segment that cannot be read is tried so often; then it is given up, and its records are lost. */
const READ_FAILURES_MAX = 5

interface Segment {
  readonly number: number
  /** Bytes of whole, written lines. */
  bytes: number
  /** Records from the cursor on; 1 where they could not be counted. */
  records: number
  /** Nothing more is written to it. */
  isClosed: boolean
  /** Its process may have ended in the middle of a line. */
  readonly mayBeTorn: boolean
}

interface Read {
  readonly record: SealedRecord
  /** Where the next line begins, and in which segment this one is. */
  readonly segment: number
  readonly end: number
}

export class SegmentQueue {
  readonly directory: string
  readonly #disk: SpoolDisk
  readonly #onFault: (where: string, error: unknown) => void
  #segments: Segment[] = []
  #cursor = { segment: 0, offset: 0 }
  #read: Read[] = []
  #failures = 0

  constructor(directory: string, disk: SpoolDisk, onFault: (where: string, error: unknown) => void) {
    this.directory = directory
    this.#disk = disk
    this.#onFault = onFault
  }

  /** Takes up what a process has left here. */
  async load(): Promise<void> {
    const numbers = (await this.#disk.list(this.directory))
      .map(segmentNumber)
      .filter((number) => number !== undefined)
    const cursor = /^(\d{1,15}) (\d{1,15})\n$/.exec(
      // Without a cursor that can be read all is sent again: the ledger knows what it has.
      await this.#disk.readText(join(this.directory, CURSOR)).catch(() => ''),
    )
    this.#cursor = { segment: Number(cursor?.[1] ?? 0), offset: Number(cursor?.[2] ?? 0) }
    for (const number of numbers.toSorted((a, b) => a - b)) {
      const path = this.#pathOf(number)
      const { bytes } = await this.#disk.stateOf(path)
      const from = number === this.#cursor.segment ? this.#cursor.offset : 0
      if (number < this.#cursor.segment || from >= bytes) await this.#disk.removeFile(path)
      else
        this.#segments.push({
          number,
          bytes,
          records: await this.#countLines(path, from, bytes).catch(() => 1),
          isClosed: true,
          mayBeTorn: true,
        })
    }
  }

  get records(): number {
    return this.#segments.reduce((sum, { records }) => sum + records, 0)
  }

  /** On the disk, settled ones of segments that are still there included. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get isEmpty(): boolean {
    return (
      this.#read.length === 0 && this.#segments.every(({ number, bytes }) => bytes <= this.#offsetIn(number))
    )
  }

  /** A segment that will grow. */
  add(number: number): void {
    this.#segments.push({ number, bytes: 0, records: 0, isClosed: false, mayBeTorn: false })
  }

  /** Lines were written to it. */
  grow(number: number, bytes: number, records: number): void {
    const segment = this.#segments.find((one) => one.number === number)
    if (segment === undefined) return
    segment.bytes += bytes
    segment.records += records
  }

  closeSegment(number: number): void {
    const segment = this.#segments.find((one) => one.number === number)
    if (segment !== undefined) segment.isClosed = true
  }

  /** The oldest records, and how many before them were damaged; those are let go of. Rejects when the disk fails. */
  async oldest({ recordsMax, bytesMax }: Bounds): Promise<{ records: SealedRecord[]; damaged: number }> {
    let damaged = 0
    while (this.#read.length === 0 && !this.isEmpty) damaged += await this.#readMore(bytesMax)
    if (this.#read.length === 0) damaged += this.#countedOnly()
    const records: SealedRecord[] = []
    let bytes = 0
    for (const { record } of this.#read) {
      bytes += record.line.length
      if (records.length === recordsMax || (records.length > 0 && bytes > bytesMax)) break
      records.push(record)
    }
    return { records, damaged }
  }

  /** Lets go of the first `count` that `oldest` gave. Never rejects. */
  async settle(count: number): Promise<void> {
    const settled = this.#read.splice(0, count)
    for (const { segment, end } of settled) {
      countDown(this.#segments.find(({ number }) => number === segment)!, 1)
      this.#cursor = { segment, offset: end }
    }
    await this.#noteCursor()
  }

  /** Deletes what is settled; gives whether nothing is left, directory included. */
  async removeIfEmpty(others: readonly string[]): Promise<boolean> {
    if (!this.isEmpty) return false
    for (const { number } of this.#segments) await this.#disk.removeFile(this.#pathOf(number))
    for (const name of [CURSOR, `${CURSOR}.new`, ...others])
      await this.#disk.removeFile(join(this.directory, name))
    await this.#disk.removeDirectory(this.directory)
    this.#segments = []
    return true
  }

  async #noteCursor(): Promise<void> {
    const { segment, offset } = this.#cursor
    try {
      await this.#disk.replaceText(join(this.directory, CURSOR), `${segment} ${offset}\n`)
      for (const { number, bytes, isClosed } of this.#segments)
        if (number < segment || (number === segment && isClosed && offset >= bytes)) {
          await this.#disk.removeFile(this.#pathOf(number))
          this.#segments = this.#segments.filter((one) => one.number !== number)
        }
    } catch (error) {
      // What stays is sent again by the next process, or deleted with the next cursor.
      this.#onFault('cursor of the spool', error)
    }
  }

  /** Reads on from what was read last; gives how many damaged lines it passed. */
  async #readMore(bytesMax: number): Promise<number> {
    const segment = this.#segments.find(({ number, bytes }) => bytes > this.#offsetIn(number))!
    const from = this.#offsetIn(segment.number)
    const { number } = segment
    // What is appended meanwhile is for the next time.
    const end = segment.bytes
    let bytes: Buffer = Buffer.alloc(0)
    let lastNewline = -1
    try {
      for (
        let length = Math.max(READ_BYTES, bytesMax);
        lastNewline < 0 && from + bytes.length < end;
        length *= 2
      ) {
        bytes = await this.#disk.read(this.#pathOf(number), from, Math.min(length, end - from))
        lastNewline = bytes.lastIndexOf(NEWLINE)
        if (lastNewline < 0 && bytes.length < Math.min(length, end - from))
          throw new Error(`${segmentName(number)} is shorter than it was`)
      }
      this.#failures = 0
    } catch (error) {
      if (++this.#failures < READ_FAILURES_MAX) throw error
      this.#onFault('reading the spool', error)
      return this.#giveUp(segment)
    }
    return this.#parse(segment, from, bytes, lastNewline, from + bytes.length >= end)
  }

  #parse(segment: Segment, from: number, bytes: Buffer, lastNewline: number, isLast: boolean): number {
    const { number } = segment
    let damaged = 0
    let at = 0
    let isWhole = true
    const keep = (line: Buffer, end: number, isTorn: boolean): void => {
      const record = readSpoolLine(line)
      const found = record === undefined ? salvage(line) : { records: [record], damaged: 0 }
      for (const one of found.records) this.#read.push({ record: one, segment: number, end: from + end })
      // A piece behind a damaged one that does not begin like a line is of the same record: a byte became a newline.
      const isNew = isWhole || beginsLikeLine(line)
      isWhole = found.damaged === 0
      const lost = isTorn || !isNew ? 0 : found.damaged
      damaged += lost
      if (!isTorn) countDown(segment, 1)
      segment.records += found.records.length
    }
    while (at <= lastNewline) {
      const end = bytes.indexOf(NEWLINE, at) + 1
      keep(bytes.subarray(at, end - 1), end, false)
      at = end
    }
    if (isLast && at < bytes.length) {
      // A torn end: its append never resolved. Unless only the newline was hit, which is found out.
      keep(bytes.subarray(at), bytes.length, segment.mayBeTorn)
      at = bytes.length
    }
    if (this.#read.length === 0) this.#cursor = { segment: number, offset: from + at }
    return damaged
  }

  #giveUp(segment: Segment): number {
    const lost = segment.records
    this.#failures = 0
    segment.records = 0
    this.#cursor = { segment: segment.number, offset: segment.bytes }
    return lost
  }

  /** Own records of which nothing is there any more; in what others left a count may be wrong without any loss. */
  #countedOnly(): number {
    let lost = 0
    for (const segment of this.#segments) {
      if (!segment.mayBeTorn) lost += segment.records
      segment.records = 0
    }
    return lost
  }

  /** Up to where a segment is read, or settled when nothing of it is in memory. */
  #offsetIn(number: number): number {
    const read = this.#read.at(-1) ?? { segment: this.#cursor.segment, end: this.#cursor.offset }
    if (number < read.segment) return Infinity
    return number === read.segment ? read.end : 0
  }

  async #countLines(path: string, from: number, to: number): Promise<number> {
    let count = 0
    for (let at = from; at < to; ) {
      const bytes = await this.#disk.read(path, at, Math.min(COUNT_BYTES, to - at))
      if (bytes.length === 0) break
      for (let next = bytes.indexOf(NEWLINE); next >= 0; next = bytes.indexOf(NEWLINE, next + 1)) count++
      at += bytes.length
    }
    return count
  }

  #pathOf(number: number): string {
    return join(this.directory, segmentName(number))
  }
}

/** Damage can make more lines than were written. */
function countDown(segment: Segment, records: number): void {
  segment.records = Math.max(0, segment.records - records)
}
