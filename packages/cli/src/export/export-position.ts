/** How far an export came: its first line, the last mark in it, and whether its manifest is there. */
import { isSealedLine } from '@trailproof/core'
import { sha256 } from '@trailproof/server/ports'
import { type ExportHeader, parseExportHeader } from '@trailproof/verify'
import { EXIT } from '../exit-code.ts'
import { Failure } from '../failure.ts'

export interface Mark {
  /** Entries below it are in the export. */
  readonly index: number
  /** As the server takes it back. */
  readonly token: string
  /** Bytes up to the end of its line. */
  readonly end: number
}

const NEWLINE = 0x0a
/** Of `{"mark":` and `{"manifest":`, and of no other line. */
const THIRD_BYTE = 0x6d
/** More than any record makes. */
const LINE_BYTES_MAX = 64 * 2 ** 20

/** Takes the bytes of an export in the order of the file; throws a Failure for what is none. */
export class ExportPosition {
  header: ExportHeader | undefined
  mark: Mark | undefined
  /** The manifest is there, and nothing behind it. */
  isWhole = false
  #begun: Buffer[] = []
  #begunBytes = 0
  #bytes = 0
  #hasFirstLine = false

  /** What can be kept when nothing more comes: whole lines up to the last mark. */
  get keptBytes(): number {
    return this.isWhole ? this.#bytes : (this.mark?.end ?? 0)
  }

  take(bytes: Buffer): void {
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      this.#bytes += end + 1 - from
      this.#line(this.#joined(bytes.subarray(from, end)))
      from = end + 1
    }
    if (from === bytes.length) return
    // Copied: what comes from a socket is part of something larger.
    this.#begun.push(Buffer.from(bytes.subarray(from)))
    this.#begunBytes += bytes.length - from
    this.#bytes += bytes.length - from
    this.isWhole = false
    if (this.#begunBytes > LINE_BYTES_MAX) throw notAnExport('a line is longer than any line is')
  }

  /** Forgets what is behind the last mark. */
  rewind(): void {
    this.#bytes = this.keptBytes
    this.#begun = []
    this.#begunBytes = 0
    if (this.mark === undefined) this.#hasFirstLine = false
  }

  #joined(rest: Buffer): Buffer {
    if (this.#begun.length === 0) return rest
    const line = Buffer.concat([...this.#begun, rest])
    this.#begun = []
    this.#begunBytes = 0
    return line
  }

  #line(line: Buffer): void {
    this.isWhole = false
    if (!this.#hasFirstLine) {
      this.#hasFirstLine = true
      this.header = parseExportHeader(line.toString())
      if (this.header === undefined) throw notAnExport('its first line is another')
    } else if (line[2] === THIRD_BYTE) {
      const text = line.toString()
      this.isWhole = text.startsWith('{"manifest":')
      if (!this.isWhole) this.mark = markOf(text, this.#bytes) ?? this.mark
    }
  }
}

/** Undefined for a mark that was damaged. */
function markOf(text: string, end: number): Mark | undefined {
  if (!isSealedLine(sha256, text)) return undefined
  const { mark, shown, withheld, erased, mac } = JSON.parse(text) as Record<string, string | number>
  return { index: Number(mark), token: [mark, shown, withheld, erased, mac].join('.'), end }
}

function notAnExport(why: string): Failure {
  return new Failure(EXIT.refused, `this is not an export as ndjson: ${why}`)
}
