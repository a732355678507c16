/** UUIDs as 16 bytes and as text (RFC 9562 section 4, lower case). */

import { decodeHex, encodeHex } from './hex.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Throws RangeError on anything but 16 bytes. */
export function encodeUuid(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new RangeError(`a UUID has 16 bytes, not ${bytes.length}`)
  const hex = encodeHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The 16 bytes, or undefined unless `text` is lower-case 8-4-4-4-12; any version and variant. */
export function decodeUuid(text: string): Uint8Array | undefined {
  return UUID.test(text) ? decodeHex(text.replaceAll('-', '')) : undefined
}
