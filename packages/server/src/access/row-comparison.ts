/** One comparison of a condition as a filter: what a field's type allows, and nothing that would be looser. */
import {
  allOf,
  type FieldTest,
  type Filter,
  instantMs,
  notOf,
  parseDecimal,
  type QueryField,
  resolveField,
  suggestField,
} from '@trailproof/core/query'
import { ConditionError } from './condition-error.ts'

type Known = string | number | boolean
type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'startsWith' | 'endsWith' | 'contains'

const KIND: Filter = { kind: 'field', field: 'kind', test: { op: 'exists' } }
/** No record. */
export const NONE: Filter = { kind: 'and', parts: [KIND, { kind: 'not', part: KIND }] }

/** `wanted` false: the comparison does not hold. Either way, the record must have the field. */
export function compareField(
  path: string,
  comparison: Comparison,
  values: readonly Known[],
  wanted: boolean,
  position: number,
): Filter {
  const field = fieldAt(path, position)
  if (comparison === '!=') return compareField(path, '==', values, !wanted, position)
  const compared: Filter = {
    kind: 'field',
    field: field.name,
    test: testOf(field, comparison, values, position),
  }
  return wanted ? compared : allOf([exists(field), notOf(compared)])
}

export function existsFilter(path: string, wanted: boolean, position: number): Filter {
  const filter = exists(fieldAt(path, position))
  return wanted ? filter : notOf(filter)
}

function exists({ name }: QueryField): Filter {
  return { kind: 'field', field: name, test: { op: 'exists' } }
}

function fieldAt(path: string, position: number): QueryField {
  const field = resolveField(path)
  if (field?.name === path) return field
  // A short name that is handy in a search may be another field than the one that a condition seems to say.
  if (field) throw new ConditionError(`${path.slice(0, 100)} is ${field.name}: write that`, position)
  const near = suggestField(path)
  throw new ConditionError(
    `there is no field ${path.slice(0, 100)}${near === undefined ? '' : `; did you mean ${near}?`}`,
    position,
  )
}

function testOf(
  { name, type }: QueryField,
  comparison: Exclude<Comparison, '!='>,
  values: readonly Known[],
  position: number,
): FieldTest {
  // Of a text a filter compares words, and of an object nothing: both would let in more than was said.
  if (type === 'text' || type === 'object')
    throw new ConditionError(
      `${name} is ${type === 'text' ? 'a text' : 'an object'}: ask with has() alone`,
      position,
    )
  // As the parser of queries makes them, so that exports can say the condition in their query.
  const texts = [...new Set(values.map(String))]
  const [value = ''] = texts
  if (texts.some((text) => text === ''))
    throw new ConditionError(
      `${name}: compare with a text that is not empty; has() asks whether it is there`,
      position,
    )
  switch (comparison) {
    case '==':
      if (type === 'time') throw new ConditionError(`${name} is compared with < and >`, position)
      return { op: 'equals', value }
    case 'in':
      if (type === 'time') throw new ConditionError(`${name} is compared with < and >`, position)
      return texts.length === 1 ? { op: 'equals', value } : { op: 'in', values: texts }
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      if (type !== 'keyword') throw new ConditionError(`${name} is a ${type}, not a text`, position)
      return { op: 'wildcard', parts: PARTS[comparison](value) }
    default: {
      if (type !== 'number' && type !== 'time')
        throw new ConditionError(`${name} has no order; numbers and times have`, position)
      if ((type === 'number' ? parseDecimal(value) : instantMs(value)) === undefined)
        throw new ConditionError(
          `${name} is compared with a ${type}, not with ${JSON.stringify(value)}`,
          position,
        )
      const bound = { value, inclusive: comparison.endsWith('=') }
      return comparison.startsWith('<') ? { op: 'range', high: bound } : { op: 'range', low: bound }
    }
  }
}

const PARTS = {
  startsWith: (text: string) => [text, ''],
  endsWith: (text: string) => ['', text],
  contains: (text: string) => ['', text, ''],
} as const
