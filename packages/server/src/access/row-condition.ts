/**
 * Conditions on records, in CEL, as filters of our own query language: what they leave out is then left out of
 * searches, counts, exports and tails by the one matcher and the indexes there are (docs/adr/0013). Only what a
 * filter can say is taken; the rest is refused, with its place, when the role is made.
 */
import { type ASTNode, TypeError as CelTypeError, Environment, ParseError } from '@marcbachmann/cel-js'
import { allOf, anyOf, type Filter, QUERY_CONDITIONS_MAX } from '@trailproof/core/query'
import { queryText } from '../export/query-text.ts'
import { ConditionError } from './condition-error.ts'
import type { CallerFacts, RowCondition } from './roles.ts'
import { compareField, existsFilter, NONE } from './row-comparison.ts'

/** UTF-16 code units of a condition. */
export const CONDITION_CHARS_MAX = 4096
/** Nested operators. */
const DEPTH_MAX = 64

const environment = new Environment({
  limits: { maxAstNodes: 1000, maxDepth: DEPTH_MAX, maxListElements: 256 },
})
  .registerVariable('record', 'map<string, dyn>')
  .registerVariable('caller', 'map<string, dyn>')

/** Throws ConditionError for what is no condition, or cannot be a filter. */
export function rowCondition(source: string): RowCondition {
  if (source.length > CONDITION_CHARS_MAX)
    throw new ConditionError(`at most ${CONDITION_CHARS_MAX} characters`, CONDITION_CHARS_MAX)
  const ast = parse(source)
  const filterFor = (caller: CallerFacts): Filter => {
    const filter = truthOf(ast, true, caller)
    return filter === true ? ALL : filter === false ? NONE : filter
  }
  // As of somebody in two teams: what cannot be translated shows now, and so does what gets too large.
  const sample = filterFor({ id: 'x', name: 'x', teams: ['x', 'y'] })
  if (conditionsIn(sample) > QUERY_CONDITIONS_MAX / 2)
    throw new ConditionError(`more than ${QUERY_CONDITIONS_MAX / 2} comparisons`, 0)
  if (queryText(sample) === undefined)
    throw new ConditionError('too long to be said in the query of an export', 0)
  return { source, filterFor }
}

/** Every record has a kind. */
const ALL: Filter = { kind: 'field', field: 'kind', test: { op: 'exists' } }

function parse(source: string): ASTNode {
  try {
    const parsed = environment.parse(source)
    const { valid, error, type } = parsed.check()
    if (!valid) throw error ?? new ConditionError('not understood', 0)
    if (type !== 'bool' && type !== 'dyn')
      throw new ConditionError(`a condition is true or false, not ${type}`, 0)
    return parsed.ast
  } catch (error) {
    if (!(error instanceof ParseError || error instanceof CelTypeError)) throw error
    throw new ConditionError(error.summary, error.range?.start ?? 0)
  }
}

/** A filter, or what is known without a record. */
type Truth = Filter | boolean

/**
 * `wanted` false: when the condition does not hold. Negation goes down to the comparisons, each of which a record
 * without the field fails: what a record does not say never opens it, as in CEL, where it would be an error.
 */
function truthOf(node: ASTNode, wanted: boolean, caller: CallerFacts): Truth {
  switch (node.op) {
    case '&&':
    case '||': {
      const parts = node.args.map((part) => truthOf(part, wanted, caller))
      return (node.op === '&&') === wanted ? both(parts) : either(parts)
    }
    case '!_':
      return truthOf(node.args, !wanted, caller)
    case 'value':
      if (typeof node.args === 'boolean') return node.args === wanted
      throw unsupported(node)
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparison(node.op, node.args[0], node.args[1], wanted, caller)
    case 'in':
      return membership(node.args[0], node.args[1], wanted, caller)
    case 'call': {
      const [name, args] = node.args
      const path = name === 'has' && args.length === 1 ? recordPath(args[0]!) : undefined
      if (path === undefined) throw unsupported(node)
      return existsFilter(path, wanted, node.pos)
    }
    case 'rcall': {
      const [name, receiver, args] = node.args
      const path = recordPath(receiver)
      const text = args.length === 1 ? known(args[0]!, caller) : undefined
      if (path === undefined || typeof text !== 'string' || !isTextTest(name)) throw unsupported(node)
      return compareField(path, name, [text], wanted, node.pos)
    }
    default:
      throw unsupported(node)
  }
}

function isTextTest(name: string): name is 'startsWith' | 'endsWith' | 'contains' {
  return name === 'startsWith' || name === 'endsWith' || name === 'contains'
}

type Operator = '==' | '!=' | '<' | '<=' | '>' | '>='
const MIRRORED = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const
const OPPOSITE = { '==': '!=', '!=': '==', '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const

function comparison(
  operator: Operator,
  left: ASTNode,
  right: ASTNode,
  wanted: boolean,
  caller: CallerFacts,
): Truth {
  const said = wanted ? operator : OPPOSITE[operator]
  const path = recordPath(left)
  if (path !== undefined) return compareField(path, said, [oneOf(right, caller)], true, left.pos)
  const mirrored = recordPath(right)
  if (mirrored !== undefined)
    return compareField(mirrored, MIRRORED[said], [oneOf(left, caller)], true, right.pos)
  const [a, b] = [oneOf(left, caller), oneOf(right, caller)]
  if (said === '==') return a === b
  if (said === '!=') return a !== b
  throw new ConditionError('compare with a field of the record', left.pos)
}

/** `field in [values]`, `value in field`, or of what is known alone. */
function membership(item: ASTNode, list: ASTNode, wanted: boolean, caller: CallerFacts): Truth {
  const path = recordPath(item)
  const listPath = recordPath(list)
  if (path !== undefined && listPath === undefined) {
    const values = known(list, caller)
    if (!Array.isArray(values)) throw unsupported(list)
    return values.length === 0 ? !wanted : compareField(path, 'in', values, wanted, item.pos)
  }
  if (listPath !== undefined)
    return compareField(listPath, wanted ? '==' : '!=', [oneOf(item, caller)], true, list.pos)
  const values = known(list, caller)
  if (!Array.isArray(values)) throw unsupported(list)
  return values.includes(oneOf(item, caller)) === wanted
}

type Known = string | number | boolean

function oneOf(node: ASTNode, caller: CallerFacts): Known {
  const value = known(node, caller)
  if (Array.isArray(value)) throw new ConditionError('a list is asked with `in`', node.pos)
  return value as Known // not a list, as was just said
}

/** What is known when it is decided: literals, and what the caller is. */
function known(node: ASTNode, caller: CallerFacts): Known | readonly Known[] {
  switch (node.op) {
    case 'value': {
      const value = node.args
      if (typeof value === 'bigint') return Number(value)
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
      throw unsupported(node)
    }
    case '-_': {
      const value = known(node.args, caller)
      if (typeof value !== 'number') throw unsupported(node)
      return -value
    }
    case 'list':
      return node.args.map((each) => oneOf(each, caller))
    case '.': {
      const [of, name] = node.args
      if (of.op === 'id' && of.args === 'caller' && (name === 'id' || name === 'name' || name === 'teams'))
        return caller[name]
      if (recordPath(node) !== undefined)
        throw new ConditionError('two fields of a record cannot be compared by an index', node.pos)
      throw new ConditionError('of the caller there are id, name and teams', node.pos)
    }
    default:
      throw unsupported(node)
  }
}

/** `labels.team` of `record.labels.team` and `record.labels["team"]`; undefined for what is no field of the record. */
function recordPath(node: ASTNode): string | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined
  const [of, member] = node.args
  const name = typeof member === 'string' ? member : member.op === 'value' ? member.args : undefined
  if (typeof name !== 'string') return undefined
  if (of.op === 'id') return of.args === 'record' ? name : undefined
  const path = recordPath(of)
  return path === undefined ? undefined : `${path}.${name}`
}

function both(parts: readonly Truth[]): Truth {
  if (parts.includes(false)) return false
  const filters = parts.filter((part) => part !== true) as Filter[] // nor false, as was just said
  return filters.length === 0 ? true : allOf(filters)
}

function either(parts: readonly Truth[]): Truth {
  if (parts.includes(true)) return true
  const filters = parts.filter((part) => part !== false) as Filter[] // nor true, as was just said
  return filters.length === 0 ? false : anyOf(filters)
}

function conditionsIn(filter: Filter): number {
  if (filter.kind === 'and' || filter.kind === 'or')
    return filter.parts.reduce((sum, part) => sum + conditionsIn(part), 0)
  return filter.kind === 'not' ? conditionsIn(filter.part) : 1
}

function unsupported({ op, pos, start, end, input }: ASTNode): ConditionError {
  const text = input.slice(start, end).slice(0, 100)
  return new ConditionError(
    `${JSON.stringify(text)} cannot be asked of an index (${op}); there are ==, !=, <, <=, >, >=, in, has, startsWith, endsWith, contains, &&, || and !`,
    pos,
  )
}
