export { parseDecimal } from './decimal.ts'
export { parseDuration } from './duration.ts'
export {
  type Place,
  QUERY_FIELDS,
  type QueryField,
  type QueryFieldGroup,
  type QueryFieldType,
} from './field-list.ts'
export { compileField, fieldValues, type SearchedRecord } from './field-values.ts'
export { resolveField, suggestField } from './fields.ts'
export { formatFilter, formatQuery } from './format-query.ts'
export { canonicalIp, type Network, parseCidr } from './ip-address.ts'
export * from './limits.ts'
export { recordTimeMs } from './match-field.ts'
export { type MatchOptions, type RecordTest, recordMatcher } from './match-record.ts'
export { nearestName } from './nearest-name.ts'
export { allOf, anyOf, notOf } from './normal-form.ts'
export { parseFieldNames } from './parse-field-names.ts'
export { parseParameter } from './parse-parameter.ts'
export { parseQuery } from './parse-query.ts'
export type * from './query.ts'
export { QueryError } from './query-error.ts'
export { expandSaved, type SavedFilters } from './saved-filters.ts'
export { EXACT_FIELDS, exactValues, TEXT_FIELDS, textValues } from './text-values.ts'
export { type TimeBounds, testBounds, timeBounds } from './time-bounds.ts'
export { instantMs, parseTimeSpan, type TimeSpan } from './time-span.ts'
export { isAscii, wordsOf } from './words.ts'
