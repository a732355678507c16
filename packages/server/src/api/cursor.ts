/** Cursors: a position in a ledger that only this server could have given, for this query and caller. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface CursorScope {
  readonly ledger: string
  /** The query in a form that is the same for the same query. */
  readonly query: string
  readonly keyPrefix: string
}

const MAC_BYTES = 12

/** base64url(next index as uint64 | MAC): holds no field values. */
export function formatCursor(key: Uint8Array, scope: CursorScope, next: number): string {
  const position = Buffer.alloc(8)
  position.writeBigUInt64BE(BigInt(next))
  return Buffer.concat([position, macOf(key, scope, position)]).toString('base64url')
}

/** The index, or undefined when the cursor was made for another ledger, query or caller, or by another server. */
export function readCursor(key: Uint8Array, scope: CursorScope, text: string): number | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 8 + MAC_BYTES) return undefined
  const position = bytes.subarray(0, 8)
  if (!timingSafeEqual(bytes.subarray(8), macOf(key, scope, position))) return undefined
  return Number(position.readBigUInt64BE())
}

function macOf(key: Uint8Array, { ledger, query, keyPrefix }: CursorScope, position: Uint8Array): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([ledger, query, keyPrefix]))
    .update(position)
    .digest()
    .subarray(0, MAC_BYTES)
}
