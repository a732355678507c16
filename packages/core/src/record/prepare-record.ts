/**
 * From one item of a body to the exact bytes that a ledger stores. This is the hot path of every receiver;
 * it reads downwards: map, name, digest, defaults, redact, cut, encode (spec/record.md, "From sent to stored").
 */

import { canonicalJson } from '../canonical/canonical-json.ts'
import { concatBytes } from '../encoding/bytes.ts'
import { encodeUtf8, encodeUtf8Into } from '../encoding/utf8.ts'
import type { Sha256 } from '../merkle/hash.ts'
import type { CompiledRedaction } from '../redaction/policy.ts'
import { redactPersonal } from '../redaction/redact-record.ts'
import { encodeCore } from './core-bytes.ts'
import { cutPersonal } from './cut-record.ts'
import { METADATA_BYTES_MAX, TEXT_BYTES_MAX } from './field.ts'
import type { Item } from './item.ts'
import { isLonger, READ_LIMITS } from './limits.ts'
import { mapRecord } from './map-record.ts'
import type { PersonalGroup } from './personal-group.ts'
import type { Problem } from './problem.ts'
import { foreignRecordId, type IdGiven, idempotentRecordId, namesNothing, uuidOf } from './record-id.ts'
import type { StoredRecord } from './stored-record.ts'

/** What preparing a record needs to know about where it came in. */
export interface PrepareContext {
  /** The receiver's clock: RFC 3339, UTC, milliseconds. */
  readonly receivedAt: string
  /** For records that say nothing of their own. Default: service `unknown-service`, no environment. */
  readonly defaults?: { readonly service?: string; readonly environment?: string }
  readonly redaction: CompiledRedaction
  readonly sha256: Sha256
  /** The ledger's keys, 32 bytes each. `idKey` never changes: it decides which record is which. */
  readonly dedupeKey: Uint8Array
  readonly idKey: Uint8Array
  /** Names the records of this request that have no id, by their position. */
  readonly idempotencyKey?: string
  /** Position of the record in its body, from 0. */
  readonly position: number
  /** A new UUIDv7 in lower case. */
  newId(): string
  /** Whether the server itself makes this record. Default false. */
  readonly internal?: boolean
}

export interface PreparedRecord {
  readonly kind: 'record'
  /** UUID in lower case. */
  readonly id: string
  readonly idGiven: IdGiven
  /** The canonical JSON of both groups: exactly these bytes are stored, committed to and served. */
  readonly core: string
  readonly personal: string
  /** 16 bytes that are equal for equal content, whatever its id; keyed, so they tell nothing else. */
  readonly digest: Uint8Array
  /** Both groups as objects. Treat them as frozen. */
  readonly record: StoredRecord
  readonly streamId: string | undefined
  readonly streamSeq: number | undefined
}

export type Prepared = PreparedRecord | { readonly kind: 'problem'; readonly problems: readonly Problem[] }

export const DIGEST_BYTES = 16

/** Never throws for an item that came from `parseBody`. */
export function prepareRecord(item: Item, context: PrepareContext): Prepared {
  if (item.kind === 'problem') return item
  const { position } = context
  const mapped = mapRecord(item.value, {
    position,
    coerced: item.coerced,
    internal: context.internal ?? false,
  })
  if (mapped.kind === 'problem') return mapped

  const named = nameRecord(item, mapped.sentId, mapped.record.core.service, context)
  if (named.kind === 'problem') return named
  const { id, idGiven, sourceId } = named
  const personalMapped: PersonalGroup =
    sourceId === undefined ? mapped.record.personal : { ...mapped.record.personal, source_id: sourceId }

  const text = canonicalJson(personalMapped)
  const tooLarge = sizeProblem(text, personalMapped, position)
  if (tooLarge !== undefined) return { kind: 'problem', problems: [tooLarge] }

  const { core, coreText, digestText } = encodeCore(mapped.record.core, {
    id,
    receivedAt: context.receivedAt,
    defaults: context.defaults,
  })
  const digest = contentDigest(context.sha256, context.dedupeKey, digestText, text)

  let personal = redactPersonal(personalMapped, context.redaction)
  if (text.length * 3 > TEXT_BYTES_MAX) personal = cutPersonal(personal, context.sha256)
  return {
    kind: 'record',
    id,
    idGiven,
    core: coreText,
    personal: personal === personalMapped ? text : canonicalJson(personal),
    digest,
    record: { core, personal },
    streamId: core.stream?.id,
    streamSeq: core.stream?.seq,
  }
}

type Named =
  | {
      readonly kind: 'named'
      readonly id: string
      readonly idGiven: IdGiven
      readonly sourceId: string | undefined
    }
  | { readonly kind: 'problem'; readonly problems: readonly Problem[] }

function nameRecord(
  item: Item & { kind: 'record' },
  sentId: string | undefined,
  service: string | undefined,
  context: PrepareContext,
): Named {
  const { foreign } = item
  const uuid = sentId === undefined ? undefined : uuidOf(sentId)
  if (uuid !== undefined) {
    if (namesNothing(uuid))
      return idProblem(context.position, `the id ${uuid} names nothing: leave it out, or send a new UUID`)
    return { kind: 'named', id: uuid, idGiven: 'producer', sourceId: foreign?.id }
  }
  const name =
    foreign ??
    (sentId === undefined ? undefined : { protocol: 'trailproof', source: service ?? '', id: sentId })
  if (name !== undefined) {
    if (name.id.length > 512)
      return idProblem(context.position, `an id has at most 512 characters; found ${name.id.length}`)
    return {
      kind: 'named',
      id: foreignRecordId(context.sha256, context.idKey, name),
      idGiven: 'foreign',
      sourceId: name.id,
    }
  }
  if (context.idempotencyKey !== undefined) {
    const id = idempotentRecordId(context.sha256, context.idKey, context.idempotencyKey, context.position)
    return { kind: 'named', id, idGiven: 'idempotency-key', sourceId: undefined }
  }
  return { kind: 'named', id: context.newId(), idGiven: 'server', sourceId: undefined }
}

function idProblem(position: number, message: string): Named {
  return { kind: 'problem', problems: [{ record: position, field: '/id', code: 'value', message }] }
}

/** Reused from call to call: making a buffer for each record took longer than hashing it. */
const scratch = new Uint8Array(16_384)

/** SHA-256(key | core | newline | personal), the first 16 bytes. Canonical JSON holds no raw newline. */
export function contentDigest(
  sha256: Sha256,
  dedupeKey: Uint8Array,
  core: string,
  personal: string,
): Uint8Array {
  const text = `${core}\n${personal}`
  if (dedupeKey.length + 3 * text.length > scratch.length)
    return sha256(concatBytes(dedupeKey, encodeUtf8(text))).slice(0, DIGEST_BYTES)
  scratch.set(dedupeKey)
  const written = encodeUtf8Into(text, scratch.subarray(dedupeKey.length))
  return sha256(scratch.subarray(0, dedupeKey.length + written)).subarray(0, DIGEST_BYTES)
}

function sizeProblem(text: string, personal: PersonalGroup, position: number): Problem | undefined {
  if (text.length * 3 <= METADATA_BYTES_MAX) return undefined
  const { recordBytesMax } = READ_LIMITS
  if (isLonger(text, recordBytesMax)) {
    const message = `the record is longer than ${recordBytesMax} bytes`
    return { record: position, field: '', code: 'too_large', message, limit: recordBytesMax }
  }
  if (personal.metadata !== undefined && isLonger(canonicalJson(personal.metadata), METADATA_BYTES_MAX)) {
    const message = `metadata, with the fields that the schema does not know, is longer than ${METADATA_BYTES_MAX} bytes`
    return { record: position, field: '/metadata', code: 'too_large', message, limit: METADATA_BYTES_MAX }
  }
  return undefined
}
