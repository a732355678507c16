/** Cursors: a position in a ledger that only this server could have given, for this query and caller. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface CursorScope {
  readonly ledger: string
  /** The query in a form that is the same for the same query. */
  readonly query: string
  readonly callerId: string
}

/** Where a page goes on. */
export interface CursorPlace {
  /** The `high` (newest first) or `low` of the next page. */
  readonly next: number
  /** What `last:15m` counted back from on the first page, ms since 1970: the pages that follow have the same bounds. */
  readonly nowMs: number
}

const PLACE_BYTES = 16
const MAC_BYTES = 12

/** base64url(next index, time of the first page as uint64 | MAC): holds no field values. */
export function formatCursor(key: Uint8Array, scope: CursorScope, { next, nowMs }: CursorPlace): string {
  const place = Buffer.alloc(PLACE_BYTES)
  place.writeBigUInt64BE(BigInt(next))
  place.writeBigUInt64BE(BigInt(nowMs), 8)
  return Buffer.concat([place, macOf(key, scope, place)]).toString('base64url')
}

/** Undefined when the cursor was made for another ledger, query or caller, or by another server. */
export function readCursor(key: Uint8Array, scope: CursorScope, text: string): CursorPlace | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== PLACE_BYTES + MAC_BYTES) return undefined
  const place = bytes.subarray(0, PLACE_BYTES)
  if (!timingSafeEqual(bytes.subarray(PLACE_BYTES), macOf(key, scope, place))) return undefined
  return { next: Number(place.readBigUInt64BE()), nowMs: Number(place.readBigUInt64BE(8)) }
}

function macOf(key: Uint8Array, { ledger, query, callerId }: CursorScope, place: Uint8Array): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([ledger, query, callerId]))
    .update(place)
    .digest()
    .subarray(0, MAC_BYTES)
}
