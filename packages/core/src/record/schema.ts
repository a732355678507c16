/**
 * The schema of records, and what holds records against it. Apart from the rest of core, because it loads the schema
 * compiler: 20 MiB in each thread that imports it.
 */

export {
  CoreGroup,
  OUTCOMES,
  type Outcome,
  RECORD_KINDS,
  type RecordKind,
  SCHEMA_NAME,
} from './core-group.ts'
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
export { isReserved, type MapOptions, type Mapped, mapRecord } from './map-record.ts'
export { PersonalGroup } from './personal-group.ts'
export {
  contentDigest,
  DIGEST_BYTES,
  type PrepareContext,
  type Prepared,
  type PreparedRecord,
  prepareRecord,
} from './prepare-record.ts'
export type { MappedCore, MappedRecord, StoredRecord } from './stored-record.ts'
