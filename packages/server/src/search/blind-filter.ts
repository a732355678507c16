/** A filter as a blind index can look it up, and the filters that it cannot answer at all. */
import {
  type FieldFilter,
  type FieldTest,
  type Filter,
  parseDecimal,
  resolveField,
} from '@trailproof/core/query'
import { TrailproofError } from '../trailproof-error.ts'
import { blindName, isBlindField } from './blind-terms.ts'

export interface BlindFilter {
  /** Holds for every entry that the filter holds for; undefined: for any entry. */
  readonly filter: Filter | undefined
  /** False: for others, too, and the record decides. */
  readonly exact: boolean
}

const ANYTHING: BlindFilter = { filter: undefined, exact: false }

/** Personal fields are compared by their hashes where they are compared as a whole; else the record decides. */
export function blindFilter(key: Uint8Array, filter: Filter | undefined): BlindFilter {
  if (filter === undefined) return { filter, exact: true }
  switch (filter.kind) {
    case 'and': {
      const parts = filter.parts.map((part) => blindFilter(key, part))
      const known = parts.flatMap((part) => part.filter ?? [])
      return { filter: joined('and', known), exact: parts.every(({ exact }) => exact) }
    }
    case 'or': {
      const parts = filter.parts.map((part) => blindFilter(key, part))
      const known = parts.flatMap((part) => part.filter ?? [])
      if (known.length < parts.length) return ANYTHING
      return { filter: joined('or', known), exact: parts.every(({ exact }) => exact) }
    }
    case 'not': {
      const { filter: part, exact } = blindFilter(key, filter.part)
      // Of what only may match, the opposite may match as well.
      return exact && part !== undefined ? { filter: { kind: 'not', part }, exact } : ANYTHING
    }
    case 'field':
      return isPersonal(filter) ? blindField(key, filter) : { filter, exact: true }
    case 'text':
    case 'saved':
      return ANYTHING
  }
}

function blindField(key: Uint8Array, { field, test }: FieldFilter): BlindFilter {
  if (!isBlindField(field)) return ANYTHING
  const values = test.op === 'equals' ? [test.value] : test.op === 'in' ? test.values : undefined
  if (values === undefined) return ANYTHING
  const names = new Set<string>()
  let exact = true
  for (const value of values)
    for (const form of formsOf(value)) {
      const blind = blindName(key, field, form)
      if (blind === undefined) return ANYTHING
      names.add(blind.name)
      exact &&= blind.exact && form === value
    }
  return { filter: joined('or', [...names].map(isNamed)), exact }
}

/** A number is written in more than one way, and compared as one. */
function formsOf(value: string): readonly string[] {
  const number = parseDecimal(value)
  return number === undefined || String(number) === value ? [value] : [value, String(number)]
}

function isNamed(name: string): Filter {
  return { kind: 'field', field: `labels.${name}`, test: { op: 'equals', value: 'true' } }
}

function joined(kind: 'and' | 'or', parts: readonly Filter[]): Filter | undefined {
  return parts.length < 2 ? parts[0] : { kind, parts }
}

/** Whether some of what the field means is in the personal group. */
function isPersonal({ field }: Pick<FieldFilter, 'field'>): boolean {
  return isPersonalField(field)
}

export function isPersonalField(field: string): boolean {
  return resolveField(field)?.places.some(({ group }) => group === 'personal') ?? false
}

const REFUSED: Readonly<Partial<Record<FieldTest['op'], string>>> = {
  wildcard: 'a beginning or a part of it',
  range: 'a range',
  regex: 'a regular expression',
  cidr: 'a network',
}

/** Throws FIELD_ENCRYPTED, naming field and reason, for what only an index of the values themselves could answer. */
export function assertAnswerable(filter: Filter | undefined): void {
  if (filter === undefined) return
  switch (filter.kind) {
    case 'and':
    case 'or':
      filter.parts.forEach(assertAnswerable)
      return
    case 'not':
      return assertAnswerable(filter.part)
    case 'text':
      throw refusal(
        `free text (${JSON.stringify(filter.text.slice(0, 100))})`,
        'the words of personal fields are not indexed: name a field, such as trace_id:…, action:… or actor.id:…',
      )
    case 'saved': // put in their places before
      return
    case 'field': {
      const asked = isText(filter) ? 'words' : REFUSED[filter.test.op]
      if (asked !== undefined && isPersonal(filter))
        throw refusal(
          `${filter.field} by ${asked}`,
          `${filter.field} is personal, and the index knows a keyed hash of its whole value alone: ask for a whole value`,
        )
    }
  }
}

/** Texts are compared by their words. */
function isText({ field, test }: FieldFilter): boolean {
  return resolveField(field)?.type === 'text' && (test.op === 'equals' || test.op === 'in')
}

function refusal(what: string, why: string): TrailproofError {
  return new TrailproofError(
    'FIELD_ENCRYPTED',
    `content is encrypted, so there is no search for ${what}: ${why}`,
  )
}
