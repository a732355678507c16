/**
 * Turns a filter into what an index can look up: an expression over terms, conditions on rows, and a set of shapes. All
 * three hold for every entry that matches; where nothing else does, the plan is exact, and where more may, the
 * record decides.
 */
import { isDeepStrictEqual } from 'node:util'
import {
  type FieldFilter,
  type FieldTest,
  type Filter,
  type Place,
  parseDecimal,
  type QueryFieldType,
  recordMatcher,
  resolveField,
  TEXT_FIELDS,
  type TextFilter,
  wordsOf,
} from '@trailproof/core/query'
import {
  type FilterPlan,
  joined,
  type KnownShapes,
  prefixMatch,
  type RowCondition,
  type TermMatch,
  termMatch,
  wholeMatch,
} from './filter-plan.ts'
import { rowPart } from './row-conditions.ts'
import { isShapeField, OTHER_SHAPE } from './shape.ts'
import { cutWord, EXACT_KEYS, keyPrefixMatch, keyTerm, shapeTerm, WORD_CHARS_MAX } from './terms.ts'

/** More shapes than this are compared with rows instead of looked up as terms. */
export const SHAPE_TERMS_MAX = 64

const ANYTHING: FilterPlan = { exact: false }

export function planFilter(filter: Filter | undefined, known: KnownShapes, nowMs: number): FilterPlan {
  if (!filter) return { exact: true }
  const plan = (part: Filter): FilterPlan => {
    switch (part.kind) {
      case 'and':
        return allOf(part.parts.map(plan))
      case 'or':
        return anyOf(part.parts.map(plan))
      case 'not':
        return noneOf(plan(part.part), known)
      case 'text':
        return textPlan(part, known, nowMs)
      case 'field':
        return fieldPlan(part, known, nowMs)
      case 'saved':
        return ANYTHING
    }
  }
  const whole = plan(filter)
  // "Everything but" is nothing that can be looked up by terms.
  if (whole.unmatch && whole.match === undefined) {
    const { unmatch: _, ...rest } = whole
    return { ...rest, exact: false }
  }
  return whole
}

function allOf(parts: readonly FilterPlan[]): FilterPlan {
  const matches = parts.flatMap(({ match }) => (match === undefined ? [] : [match]))
  const unmatch = parts.flatMap((part) => part.unmatch ?? [])
  const rows = parts.flatMap((part) => part.rows ?? [])
  const sets = parts.flatMap(({ shapes }) => (shapes ? [shapes] : []))
  return {
    ...(matches.length > 0 && { match: joined(matches, 'and') }),
    ...(unmatch.length > 0 && { unmatch }),
    ...(rows.length > 0 && { rows }),
    ...(sets.length > 0 && { shapes: sets.reduce(intersection) }),
    ...exactnessOf(parts),
  }
}

function anyOf(parts: readonly FilterPlan[]): FilterPlan {
  const exactness = exactnessOf(parts)
  if (parts.every(isOfShapes))
    return { shapes: new Set(parts.flatMap(({ shapes }) => [...shapes!])), ...exactness }
  if (parts.every(({ match, unmatch, rows, shapes }) => !match && !unmatch && (rows || shapes)))
    return { rows: [{ kind: 'any', parts: parts.map(rowCondition) }], ...exactness }
  const matches = parts.map(termCondition)
  if (matches.every((match) => match !== undefined)) return { match: joined(matches, 'or'), ...exactness }
  return ANYTHING
}

function exactnessOf(parts: readonly FilterPlan[]): Pick<FilterPlan, 'exact' | 'exactButOthers'> {
  return {
    exact: parts.every(({ exact }) => exact),
    exactButOthers: parts.every(({ exact, exactButOthers = exact }) => exactButOthers),
  }
}

function noneOf(part: FilterPlan, { shapes, others }: KnownShapes): FilterPlan {
  const { match, unmatch, rows } = part
  if (isOfShapes(part)) {
    // Of an entry whose shape is among them, more must be known than that it may match.
    if (!part.exact && !part.exactButOthers) return ANYTHING
    const rest = new Set([...shapes.keys()].filter((id) => !part.shapes!.has(id)))
    if (others) rest.add(OTHER_SHAPE)
    return { shapes: rest, exact: part.exact, exactButOthers: true }
  }
  if (!part.exact || unmatch || part.shapes) return ANYTHING
  if (match !== undefined && !rows) return { unmatch: [match], exact: true }
  if (match === undefined && rows)
    return { rows: [{ kind: 'not', part: { kind: 'all', parts: rows } }], exact: true }
  return ANYTHING
}

/** Whether shapes alone decide. */
function isOfShapes({ match, unmatch, rows, shapes }: FilterPlan): boolean {
  return shapes !== undefined && match === undefined && !unmatch && !rows
}

/** Whether the rollups can answer: nothing but shapes and bounds of time decide. */
export function isOfShapesAndTime(
  { match, unmatch, rows = [] }: FilterPlan,
  bounds: readonly RowCondition[],
): boolean {
  const isBound = (row: RowCondition): boolean => bounds.some((bound) => isDeepStrictEqual(row, bound))
  return match === undefined && !unmatch && rows.every(isBound)
}

/** A plan without terms as one condition on a row. */
function rowCondition({ rows = [], shapes }: FilterPlan): RowCondition {
  return { kind: 'all', parts: shapes ? [...rows, shapeCondition(shapes)] : rows }
}

export function shapeCondition(shapes: ReadonlySet<number>): RowCondition {
  return { kind: 'in', column: 'shape', values: [...shapes] }
}

/** A plan without rows as one expression over terms, where it can be one. */
function termCondition({ match, unmatch, rows, shapes }: FilterPlan): TermMatch | undefined {
  if (rows || (shapes && (shapes.size === 0 || shapes.size > SHAPE_TERMS_MAX))) return undefined
  const all = [...(match === undefined ? [] : [match]), ...(shapes ? [shapesMatch(shapes)] : [])]
  if (all.length === 0) return undefined
  return wholeMatch({ match: joined(all, 'and'), ...(unmatch && { unmatch }), exact: true })
}

export function shapesMatch(shapes: ReadonlySet<number>): TermMatch {
  return joined(
    [...shapes].map((id) => termMatch(shapeTerm(id))),
    'or',
  )
}

function textPlan(filter: TextFilter, known: KnownShapes, nowMs: number): FilterPlan {
  const words = [...new Set(wordsOf(filter.text))]
  const asKeys = EXACT_KEYS.map((field) => keyTerm(field, filter.text)!)
  const asWords: TermMatch[] = []
  let exact =
    asKeys.every((key) => key.exact) &&
    words.length === 1 &&
    words[0] === filter.text.toLowerCase() &&
    words[0].length <= WORD_CHARS_MAX
  for (const word of words) {
    // Words of action and service are not among an entry's terms: its shape has them.
    const shapes = shapesWith({ kind: 'text', text: word, phrase: false }, known, nowMs)
    if (shapes.size > SHAPE_TERMS_MAX) {
      exact = false
      continue
    }
    asWords.push(joined([wordMatch(word), ...[...shapes].map((id) => termMatch(shapeTerm(id)))], 'or'))
  }
  if (words.length > 0 && asWords.length === 0) return ANYTHING
  const matches = [
    ...(asWords.length > 0 ? [joined(asWords, 'and')] : []),
    ...asKeys.map(({ term }) => termMatch(term)),
  ]
  return { match: joined(matches, 'or'), exact }
}

function fieldPlan(filter: FieldFilter, known: KnownShapes, nowMs: number): FilterPlan {
  const byRow = rowPart(filter, known, nowMs)
  if (byRow) return byRow
  const { places, type } = resolveField(filter.field)!
  if (places.length === 0) return ANYTHING
  return anyOf(places.map((place) => placePlan(place, { type, test: filter.test }, known, nowMs)))
}

/** A test of the values at one of a field's places. */
function placePlan(
  { group, path }: Place,
  { type, test }: { type: QueryFieldType; test: FieldTest },
  known: KnownShapes,
  nowMs: number,
): FilterPlan {
  if (group === 'core' && isShapeField(path)) {
    const shapes = shapesWith({ kind: 'field', field: path, test }, known, nowMs)
    if (!known.others) return { shapes, exact: true }
    return { shapes: shapes.add(OTHER_SHAPE), exact: false, exactButOthers: true }
  }
  if (test.op === 'equals') return valuePlan(path, type, test.value)
  if (test.op === 'in') return anyOf(test.values.map((value) => valuePlan(path, type, value)))
  if (test.op === 'wildcard') return prefixPlan(path, test.parts)
  if (test.op === 'cidr') return networkPlan(path, test)
  return ANYTHING
}

function valuePlan(path: string, type: QueryFieldType, value: string): FilterPlan {
  const number = parseDecimal(value)
  const asNumber = number === undefined ? value : String(number)
  const key = keyTerm(path, value)
  if (key) {
    const terms = [...new Set([key.term, keyTerm(path, asNumber)!.term])]
    return { match: joined(terms.map(termMatch), 'or'), exact: key.exact && terms.length === 1 }
  }
  // Fields without keys of their own are found by the words of their values, where all ways to write them have these.
  const hasOneForm = type === 'text' || (type === 'keyword' && asNumber === value && !isBoolean(value))
  if (!hasOneForm || !isInText(path)) return ANYTHING
  const words = wordsOf(value)
  if (words.length === 0) return ANYTHING
  return { match: joined(words.map(wordMatch), 'and'), exact: false }
}

function prefixPlan(path: string, [beginning = '']: readonly string[]): FilterPlan {
  const match = keyPrefixMatch(path, beginning)
  if (match !== undefined) return { match, exact: false }
  if (!isInText(path) || isBoolean(beginning)) return ANYTHING
  const words = wordsOf(beginning)
  const last = words.at(-1)
  if (last === undefined || last.length >= WORD_CHARS_MAX) return ANYTHING
  return { match: joined([...words.slice(0, -1).map(wordMatch), prefixMatch(last)], 'and'), exact: false }
}

/** Addresses are indexed as texts: of an IPv4 network, whole octets are a prefix. */
function networkPlan(path: string, { network, prefixLength }: CidrTest): FilterPlan {
  const octets = network.split('.').slice(0, Math.floor(prefixLength / 8))
  if (network.includes(':') || octets.length === 0) return ANYTHING
  if (octets.length === 4) return valuePlan(path, 'ip', network)
  const match = keyPrefixMatch(path, `${octets.join('.')}.`)
  return match === undefined ? ANYTHING : { match, exact: false }
}

const wordMatch = (word: string): TermMatch => termMatch(cutWord(word))

type CidrTest = Extract<FieldTest, { op: 'cidr' }>

/** Whether an entry's words are also those of what stands at `path`. */
function isInText(path: string): boolean {
  const root = path.split('.')[0]
  return TEXT_FIELDS.some(({ group, field }) => group === 'personal' && field === root)
}

/** Truth values are no text; whether one begins with `value`. */
function isBoolean(value: string): boolean {
  return ['true', 'false'].some((text) => text.startsWith(value.toLowerCase()))
}

function intersection(a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...a].filter((each) => b.has(each)))
}

function shapesWith(filter: Filter, { shapes }: KnownShapes, nowMs: number): Set<number> {
  const matches = recordMatcher(filter, { nowMs })
  const found = new Set<number>()
  for (const [id, shape] of shapes)
    if (matches({ core: shape, personal: undefined, recordedAt: 0 })) found.add(id)
  return found
}
