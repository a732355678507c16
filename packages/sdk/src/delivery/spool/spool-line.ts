/** A record as a line of a spool: CRC-32 of the JSON as 8 hex digits, a space, the JSON, a newline. */
import { crc32 } from 'node:zlib'
import type { SealedRecord } from '../sealed-record.ts'

const CRC_CHARS = 8
const PREFIX_CHARS = CRC_CHARS + 1
const SPACE = 0x20
export const NEWLINE = 0x0a

export function spoolLine({ line }: SealedRecord): Buffer {
  return Buffer.from(`${crc32(line).toString(16).padStart(CRC_CHARS, '0')} ${line}\n`)
}

/** What a line holds, without its newline; undefined when it is not as it was written. */
export function readSpoolLine(bytes: Buffer): SealedRecord | undefined {
  if (bytes.length <= PREFIX_CHARS || bytes[CRC_CHARS] !== SPACE) return undefined
  const json = bytes.subarray(PREFIX_CHARS)
  if (bytes.toString('latin1', 0, CRC_CHARS) !== crc32(json).toString(16).padStart(CRC_CHARS, '0'))
    return undefined
  const line = json.toString()
  try {
    const { id, kind, stream } = JSON.parse(line) as SealedRecord & {
      readonly stream?: { readonly seq?: number }
    }
    return { id, kind, seq: stream?.seq ?? 0, line }
  } catch {
    return undefined // a CRC of 32 bits holds by chance once in four thousand million times
  }
}

export interface Salvaged {
  readonly records: readonly SealedRecord[]
  /** Records that are lost, as far as can be told. */
  readonly damaged: number
}

const LINE_START = /[0-9a-f]{8} \{/g
/** Places in a damaged line that are looked at. */
const STARTS_MAX = 1_000

/**
 * What is whole in a line that is damaged as such: where a newline was hit, two lines have become one, or one has a
 * character too many.
 */
export function salvage(bytes: Buffer): Salvaged {
  const text = bytes.toString('latin1')
  const starts = [...text.matchAll(LINE_START)].slice(0, STARTS_MAX).map(({ index }) => index)
  const records: SealedRecord[] = []
  let damaged = 0
  let from = 0
  for (const start of [...starts.filter((at) => at > 0), bytes.length + 1]) {
    const record =
      readSpoolLine(bytes.subarray(from, start - 1)) ??
      // The newline of the last line was hit: its place is within the bytes.
      (start > bytes.length ? readSpoolLine(bytes.subarray(from, bytes.length - 1)) : undefined)
    // What looks like a start may be text within a record: only a whole record before it makes it one.
    if (record === undefined && start <= bytes.length && !startsLine(bytes, start)) continue
    if (record === undefined) damaged++
    else records.push(record)
    from = start
  }
  return { records, damaged }
}

export function beginsLikeLine(bytes: Buffer): boolean {
  return /^[0-9a-f]{8} \{/.test(bytes.toString('latin1', 0, PREFIX_CHARS + 1))
}

/** Whether a whole line begins here, to the end or to the next place where one may begin. */
function startsLine(bytes: Buffer, start: number): boolean {
  return (
    readSpoolLine(bytes.subarray(start)) !== undefined ||
    readSpoolLine(bytes.subarray(start, -1)) !== undefined
  )
}
