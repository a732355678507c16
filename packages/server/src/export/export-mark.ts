/**
 * Marks: lines in an export that say how far it came. Whoever was interrupted comes back with the last one, and
 * what was counted up to it is taken for true, for nobody but this server can have written it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type ExportCounts, sealLine } from '@trailproof/core'
import { sha256 } from '../process/sha256.ts'

const MAC_BYTES = 12

export interface ExportMark extends ExportCounts {
  /** Entries below it are in the export. */
  readonly index: number
}

/** `headerHash` ties the mark to one range of one tree and one query. */
export function markLine(key: Uint8Array, headerHash: Uint8Array, mark: ExportMark): string {
  const { index, shown, withheld, erased } = mark
  const mac = macOf(key, headerHash, mark).toString('base64url')
  return `${sealLine(sha256, JSON.stringify({ mark: index, shown, withheld, erased, mac }))}\n`
}

/** The mark of a request, `<index>.<shown>.<withheld>.<erased>.<mac>`; undefined when this export has no such one. */
export function readMark(key: Uint8Array, headerHash: Uint8Array, text: string): ExportMark | undefined {
  const [, digits = '', mac = ''] = /^((?:\d{1,16}\.){4})([\w-]{16})$/.exec(text) ?? []
  const [index = 0, shown = 0, withheld = 0, erased = 0] = digits.split('.').map(Number)
  const mark = { index, shown, withheld, erased }
  const given = Buffer.from(mac, 'base64url')
  if (given.length !== MAC_BYTES) return undefined
  return timingSafeEqual(given, macOf(key, headerHash, mark)) ? mark : undefined
}

function macOf(key: Uint8Array, headerHash: Uint8Array, mark: ExportMark): Buffer {
  const { index, shown, withheld, erased } = mark
  const said = ['export mark', Buffer.from(headerHash).toString('base64'), index, shown, withheld, erased]
  return createHmac('sha256', key).update(JSON.stringify(said)).digest().subarray(0, MAC_BYTES)
}
