/** Finds a field's values in a record. */

import type { QueryField } from './field-list.ts'

/** Both groups of a record, parsed, as filters see it. */
export interface SearchedRecord {
  readonly core: Readonly<Record<string, unknown>>
  /** Undefined once it is erased. */
  readonly personal: Readonly<Record<string, unknown>> | undefined
  /** Microseconds since 1970. */
  readonly recordedAt: number
}

/** Asks whether any value of the field passes; lists are looked through, `null` is no value. */
export type AnyValue = (record: SearchedRecord, test: (value: unknown) => boolean) => boolean

/** Compiles where the values of a field stand. A value may be an object; most tests pass none. */
export function compileField({ name, places }: QueryField): AnyValue {
  if (name === 'recorded_at')
    return (record, test) => test(new Date(Math.floor(record.recordedAt / 1000)).toISOString())
  const paths = places.map(({ group, path }) => ({ group, steps: stepsOf(path) }))
  const only = paths.length === 1 ? paths[0] : undefined
  if (only === undefined)
    return (record, test) => paths.some(({ group, steps }) => anyAt(record[group], steps, 0, test))
  const { group, steps } = only
  return (record, test) => anyAt(record[group], steps, 0, test)
}

/** Every value of a field that is a text, a number or a truth value. */
export function fieldValues(record: SearchedRecord, field: QueryField): (string | number | boolean)[] {
  const values: (string | number | boolean)[] = []
  compileField(field)(record, (value) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      values.push(value)
    return false
  })
  return values
}

/**
 * `steps[i][n]` is the name of the member to go to from step i when n further steps are taken as part of its
 * name: members may have dots in their names (`labels.app.kubernetes.io/name`).
 */
type Steps = readonly (readonly string[])[]

/** A name deeper than records nest can still be one member's name. */
const JOINED_MAX = 64

function stepsOf(path: string): Steps {
  const names = path.split('.')
  return names.map((_, i) =>
    // The top level has our own fields alone, and none has a dot.
    i === 0
      ? [names[0]!]
      : names.slice(i, i + JOINED_MAX).map((_name, n) => names.slice(i, i + n + 1).join('.')),
  )
}

/** Each object of the record is asked once at most: the way to it spells how much of the path was taken. */
function anyAt(value: unknown, steps: Steps, at: number, test: (value: unknown) => boolean): boolean {
  if (value === undefined || value === null) return false
  if (Array.isArray(value)) {
    for (const item of value) if (anyAt(item, steps, at, test)) return true
    return false
  }
  if (at === steps.length) return test(value)
  if (typeof value !== 'object') return false
  const names = steps[at]!
  for (let n = 0; n < names.length; n++) {
    const name = names[n]!
    if (Object.hasOwn(value, name)) {
      const member: unknown = (value as Record<string, unknown>)[name] // an object has members of any type
      if (anyAt(member, steps, at + n + 1, test)) return true
    }
  }
  return false
}
