/** Which field a name in a query means. */

import { OPEN_ROOTS, openPlaces, QUERY_FIELDS, type QueryField } from './field-list.ts'
import { misspelledName, nearestName } from './nearest-name.ts'

/** Names in lower case for those that differ in case alone; the first of equals. */
const BY_NAME = new Map<string, QueryField>()
for (const field of QUERY_FIELDS) BY_NAME.set(field.name, field)
for (const field of QUERY_FIELDS)
  for (const alias of field.aliases)
    for (const name of [alias, alias.toLowerCase()]) if (!BY_NAME.has(name)) BY_NAME.set(name, field)

/** Canonical roots and their other names, and the prefix that each stands for. */
const ROOTS = new Map<string, string>([['details', 'metadata.details']])
for (const [root, { aliases }] of Object.entries(OPEN_ROOTS))
  for (const name of [root, ...aliases]) ROOTS.set(name, root)

/** `last`, `has` and `label` are no fields, but people write them where one stands. */
const SUGAR = ['last', 'has', 'label']
const NAMES: readonly string[] = [...BY_NAME.keys(), ...SUGAR]

/**
 * The field of a name: a canonical one, an alias, or any path below an object with free members
 * (`labels.team`, `metadata.order.id`), whose members' names keep their case. Undefined when there is none.
 */
export function resolveField(name: string): QueryField | undefined {
  const known = BY_NAME.get(name) ?? BY_NAME.get(name.toLowerCase())
  if (known !== undefined) return known
  const dot = name.indexOf('.')
  const prefix = dot < 1 ? undefined : ROOTS.get(name.slice(0, dot).toLowerCase())
  const rest = name.slice(dot + 1)
  if (prefix === undefined || rest === '') return undefined
  const canonical = `${prefix}.${rest}`
  const member = BY_NAME.get(canonical) ?? BY_NAME.get(canonical.toLowerCase())
  if (member !== undefined) return member
  const root = prefix.split('.')[0]!
  return {
    name: canonical,
    type: 'keyword',
    group: OPEN_ROOTS[root]!.group,
    aliases: [],
    places: openPlaces(root, canonical.slice(root.length + 1)),
  }
}

/** Shorter ones are too near to each other. */
const MISSPELLED_CHARS_MIN = 5

/** Whether a name is so near to that of a field that it is one, misspelled. */
export function isMisspelledField(name: string): boolean {
  return name.length >= MISSPELLED_CHARS_MIN && misspelledName(name.toLowerCase(), NAMES) !== undefined
}

/** The name that was probably meant by one that no field has. */
export function suggestField(name: string): string | undefined {
  const dot = name.indexOf('.')
  const root = dot < 1 ? undefined : nearestName(name.slice(0, dot), [...ROOTS.keys()])
  return root === undefined ? nearestName(name, NAMES) : `${root}${name.slice(dot)}`
}
