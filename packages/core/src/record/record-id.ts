/** Ids of records (spec/record.md, "Ids"). */

import { canonicalJson } from '../canonical/canonical-json.ts'
import { concatBytes } from '../encoding/bytes.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import { encodeUuid } from '../encoding/uuid.ts'
import type { Sha256 } from '../merkle/hash.ts'
import type { ForeignId } from './item.ts'

/** Where a record's id came from. */
export type IdGiven = 'producer' | 'foreign' | 'idempotency-key' | 'server'

const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/
/** RFC 9562 sections 5.9 and 5.10: "no value" and "every value". Many records would share them. */
const NIL_OR_MAX = /^(?:[0-]+|[f-]+)$/

/** The lower-case UUID, or undefined when `text` is not one. */
export function uuidOf(text: string): string | undefined {
  return text.length === 36 && UUID.test(text) ? text.toLowerCase() : undefined
}

/** Whether the lower-case `uuid` is the nil or the max UUID, which names nothing. */
export function namesNothing(uuid: string): boolean {
  return NIL_OR_MAX.test(uuid)
}

/** The id of a record that another system named: the same name gives the same id, for ever. */
export function foreignRecordId(
  sha256: Sha256,
  idKey: Uint8Array,
  { protocol, source, id }: ForeignId,
): string {
  return derivedId(sha256, idKey, [protocol, source, id])
}

/** The id of the record at `position` of a request that was sent under an Idempotency-Key. */
export function idempotentRecordId(sha256: Sha256, idKey: Uint8Array, key: string, position: number): string {
  return derivedId(sha256, idKey, ['idempotency-key', key, position])
}

/**
 * UUIDv8 (RFC 9562 section 5.8) from SHA-256(idKey | canonical JSON of `parts`). JSON keeps the parts apart;
 * the ledger's secret key keeps others from computing who is behind an id.
 */
function derivedId(sha256: Sha256, idKey: Uint8Array, parts: readonly (string | number)[]): string {
  const bytes = sha256(concatBytes(idKey, encodeUtf8(canonicalJson(parts)))).slice(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return encodeUuid(bytes)
}
