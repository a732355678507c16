/** Tests records against a filter: compiled once, asked for many (spec/query.md, "Matching"). */

import type { SearchedRecord } from './field-values.ts'
import { compileFieldTest } from './match-field.ts'
import type { Filter, TextFilter } from './query.ts'
import { expandSaved, type SavedFilters } from './saved-filters.ts'
import { exactValues, someTextValue } from './text-values.ts'
import { wordsMatcher, wordsOf } from './words.ts'

export type RecordTest = (record: SearchedRecord) => boolean

export interface MatchOptions {
  /** What `last:15m` counts back from, in milliseconds since 1970. */
  readonly nowMs: number
  /** Default: no search is saved. */
  readonly saved?: SavedFilters
}

/** No filter takes every record. Throws `QueryError` as `expandSaved` does, and for a broken regular expression. */
export function recordMatcher(filter: Filter | undefined, options: MatchOptions): RecordTest {
  return filter === undefined ? () => true : compile(expandSaved(filter, options.saved), options.nowMs)
}

function compile(filter: Filter, nowMs: number): RecordTest {
  switch (filter.kind) {
    case 'and':
      return all(filter.parts.map((part) => compile(part, nowMs)))
    case 'or':
      return any(filter.parts.map((part) => compile(part, nowMs)))
    case 'not': {
      const part = compile(filter.part, nowMs)
      return (record) => !part(record)
    }
    case 'text':
      return compileText(filter)
    case 'field':
      return compileFieldTest(filter, nowMs)
    case 'saved':
      throw new Error(`the saved search ${filter.name} was not expanded`)
  }
}

function all(tests: readonly RecordTest[]): RecordTest {
  const [first, second] = tests
  if (tests.length === 2 && first && second) return (record) => first(record) && second(record)
  return (record) => {
    for (const test of tests) if (!test(record)) return false
    return true
  }
}

function any(tests: readonly RecordTest[]): RecordTest {
  return (record) => {
    for (const test of tests) if (test(record)) return true
    return false
  }
}

function compileText({ text }: TextFilter): RecordTest {
  const whole = text.toLowerCase()
  const hasWords = wordsMatcher(wordsOf(text))
  return (record) =>
    someTextValue(record, hasWords) || exactValues(record).some((id) => id.toLowerCase() === whole)
}
