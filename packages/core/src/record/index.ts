export { canonicalJson, NotJsonError } from '../canonical/canonical-json.ts'
export * from '../redaction/index.ts'
export { parseBinaryCloudEvent } from './binary-cloud-event.ts'
export { cloudEventToRecord } from './cloud-event.ts'
export { SERVICE_DEFAULT } from './core-bytes.ts'
export {
  CoreGroup,
  OUTCOMES,
  type Outcome,
  RECORD_KINDS,
  type RecordKind,
  SCHEMA_NAME,
} from './core-group.ts'
export type { ExactJson } from './exact-json.ts'
export {
  FIELD_NOTE,
  type FieldNote,
  IDENTIFIER_CHARS_MAX,
  LABELS_MAX,
  LIST_ITEMS_MAX,
  METADATA_BYTES_MAX,
  type OverLimit,
  type RecordGroup,
  TEXT_BYTES_MAX,
} from './field.ts'
export type { ForeignId, Item, JsonObject } from './item.ts'
export { READ_LIMITS, type ReadLimits, utf8Length } from './limits.ts'
export { isReserved, type MapOptions, type Mapped, mapRecord } from './map-record.ts'
export { type BodyFormat, type ParsedBody, parseBody } from './parse-body.ts'
export { PersonalGroup } from './personal-group.ts'
export {
  contentDigest,
  DIGEST_BYTES,
  type PrepareContext,
  type Prepared,
  type PreparedRecord,
  prepareRecord,
} from './prepare-record.ts'
export { type BodyProblem, type Problem, type ProblemCode, pointer } from './problem.ts'
export { readJson } from './read-json.ts'
export { type EntryPlace, type RecordView, readRecord } from './read-record.ts'
export { foreignRecordId, type IdGiven, idempotentRecordId } from './record-id.ts'
export type { MappedCore, MappedRecord, StoredRecord } from './stored-record.ts'
export { timestampProblem } from './timestamp.ts'
