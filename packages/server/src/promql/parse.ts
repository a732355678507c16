/**
 * Reads a query with Prometheus' own grammar, and takes of it what is supported; anything else is an error that names
 * it.
 */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import {
  AGGREGATORS,
  type Aggregation,
  ARITHMETIC,
  type BinaryOperation,
  COMPARISONS,
  type Expression,
  type LabelMatcher,
  type MatchOperator,
  PLAIN_FUNCTIONS,
  SET_OPERATORS,
  type Selector,
  WINDOW_FUNCTIONS,
} from './expression.ts'
import { durationMs, numberOf, textOf } from './literals.ts'
import { badData, type PromqlError } from './promql-error.ts'

/** The one metric: records, counted. */
export const METRIC = 'trailproof_events'

/** UTF-16 code units of a query. */
export const QUERY_CHARS_MAX = 8192
const DEPTH_MAX = 64
export const SELECTORS_MAX = 16
export const RANGE_MS_MIN = 1000

export function parsePromql(text: string): Expression {
  if (text.length > QUERY_CHARS_MAX) throw badData(`a query has at most ${QUERY_CHARS_MAX} characters`)
  const root = parser.parse(text).topNode
  const error = firstError(root)
  if (error !== undefined) throw badData(`parse error at char ${error + 1}: unexpected ${found(text, error)}`)
  if (!root.firstChild) throw badData('no expression found in input')
  return new Reader(text).expression(root.firstChild, 0)
}

/** The matchers of a `match[]` parameter. */
export function parseSelector(text: string): Selector {
  const expression = parsePromql(text)
  if (expression.kind !== 'selector')
    throw badData(`match[]: expected a selector such as ${METRIC}{service="shop"}`)
  return expression
}

function firstError(root: SyntaxNode): number | undefined {
  let at: number | undefined
  root.cursor().iterate((node) => {
    if (node.type.isError) at ??= node.from
  })
  return at
}

function found(text: string, at: number): string {
  const rest = text.slice(at).trimStart()
  return rest === '' ? 'end of input' : JSON.stringify(rest.slice(0, 20))
}

class Reader {
  readonly #text: string
  #selectors = 0

  constructor(text: string) {
    this.#text = text
  }

  expression(node: SyntaxNode, depth: number): Expression {
    if (depth > DEPTH_MAX) throw badData(`a query is at most ${DEPTH_MAX} levels deep`)
    switch (node.name) {
      case 'NumberDurationLiteral':
        return { kind: 'number', value: numberOf(this.#slice(node)) }
      case 'ParenExpr':
        return this.expression(this.#only(node), depth + 1)
      case 'UnaryExpr': {
        const operand = this.expression(node.lastChild!, depth + 1)
        return this.#slice(node.firstChild!).trim() === '-' ? { kind: 'negate', operand } : operand
      }
      case 'VectorSelector':
        return this.#selector(node, 0)
      case 'OffsetExpr':
        if (node.firstChild!.name !== 'VectorSelector') throw this.#unsupported(node)
        return this.#selector(node.firstChild!, this.#offset(node))
      case 'FunctionCall':
        return this.#call(node, depth)
      case 'AggregateExpr':
        return this.#aggregation(node, depth)
      case 'BinaryExpr':
        return this.#binary(node, depth)
      case 'MatrixSelector':
        throw badData(`a range of time is for a function: ${WINDOW_FUNCTIONS.join('(…), ')}(…)`)
      default:
        throw this.#unsupported(node)
    }
  }

  #selector(node: SyntaxNode, offsetMs: number): Selector {
    if (++this.#selectors > SELECTORS_MAX) throw badData(`a query has at most ${SELECTORS_MAX} selectors`)
    const matchers: LabelMatcher[] = []
    const name = node.getChild('Identifier')
    let metric = name && this.#slice(name)
    for (const child of childrenOf(node.getChild('LabelMatchers'))) {
      if (child.name === 'QuotedLabelName') {
        metric = textOf(this.#slice(child)) // {"trailproof_events", …}
        continue
      }
      const matcher = this.#matcher(child)
      if (matcher.label !== '__name__') matchers.push(matcher)
      else if (matcher.operator === '=') metric = matcher.value
      else throw badData(`__name__ takes =; the one metric here is ${METRIC}`)
    }
    if (metric !== METRIC)
      throw badData(
        `there is no metric ${metric?.slice(0, 100) ?? ''} here; records are ${METRIC}, and the server’s own metrics are at /metrics`,
      )
    return { kind: 'selector', matchers, offsetMs }
  }

  #matcher(node: SyntaxNode): LabelMatcher {
    const quoted = node.getChild('QuotedLabelName')
    const name = quoted ? textOf(this.#slice(quoted)) : this.#slice(node.getChild('LabelName')!)
    return {
      label: name,
      // The grammar has these four.
      operator: this.#slice(node.getChild('MatchOp')!) as MatchOperator,
      value: textOf(this.#slice(node.getChild('StringLiteral')!)),
    }
  }

  #call(node: SyntaxNode, depth: number): Expression {
    const name = this.#slice(node.getChild('FunctionIdentifier')!)
    const given = childrenOf(node.getChild('FunctionCallBody'))
    if (isOneOf(WINDOW_FUNCTIONS, name)) {
      const [only, ...others] = given
      const matrix = only?.name === 'OffsetExpr' ? only.firstChild! : only
      if (matrix?.name === 'SubqueryExpr') throw this.#unsupported(matrix)
      if (others.length > 0 || matrix?.name !== 'MatrixSelector')
        throw badData(`${name} takes a range of time: ${name}(${METRIC}[5m])`)
      const rangeMs = this.#duration(matrix.getChild('DurationExpr')!)
      if (rangeMs < RANGE_MS_MIN) throw badData('a range of time is at least 1s')
      const offsetMs = only!.name === 'OffsetExpr' ? this.#offset(only!) : 0
      const selector = this.#selector(matrix.getChild('VectorSelector')!, offsetMs)
      return { kind: 'window', function: name, selector, rangeMs }
    }
    if (!isOneOf(PLAIN_FUNCTIONS, name))
      throw badData(
        `the function ${name} is not supported; there are ${[...WINDOW_FUNCTIONS, ...PLAIN_FUNCTIONS].join(', ')}`,
      )
    const wanted = name === 'time' ? 0 : 1
    const most = name === 'round' ? 2 : wanted
    if (given.length < wanted || given.length > most)
      throw badData(
        `${name} takes ${wanted === most ? wanted : `${wanted} or ${most}`} arguments, not ${given.length}`,
      )
    return { kind: 'call', function: name, arguments: given.map((one) => this.expression(one, depth + 1)) }
  }

  #aggregation(node: SyntaxNode, depth: number): Aggregation {
    const aggregator = this.#slice(node.getChild('AggregateOp')!).toLowerCase()
    if (!isOneOf(AGGREGATORS, aggregator))
      throw badData(`the aggregation ${aggregator} is not supported; there are ${AGGREGATORS.join(', ')}`)
    const modifier = node.getChild('AggregateModifier')
    const given = childrenOf(node.getChild('FunctionCallBody'))
    const takes = aggregator === 'topk' || aggregator === 'bottomk' ? 2 : 1
    if (given.length !== takes) throw badData(`${aggregator} takes ${takes} arguments, not ${given.length}`)
    const [parameter, operand] = takes === 2 ? given : [undefined, given[0]]
    return {
      kind: 'aggregation',
      aggregator,
      grouping: modifier
        ? { kind: modifier.getChild('Without') ? 'without' : 'by', labels: this.#labels(modifier) }
        : { kind: 'by', labels: [] },
      parameter: parameter && this.expression(parameter, depth + 1),
      operand: this.expression(operand!, depth + 1),
    }
  }

  #binary(node: SyntaxNode, depth: number): Expression {
    const [left, ...between] = childrenOf(node)
    const right = between.pop()!
    const [sign, ...modifiers] = between
    const operator = this.#slice(sign!).toLowerCase()
    if (!isOneOf([...COMPARISONS, ...ARITHMETIC, ...SET_OPERATORS], operator)) throw this.#unsupported(sign!)
    let isBool = false
    let matching: BinaryOperation['matching']
    for (const modifier of modifiers) {
      if (modifier.name === 'BoolModifier') isBool = true
      else if (modifier.name !== 'MatchingModifierClause') throw this.#unsupported(modifier)
      for (const child of childrenOf(modifier)) {
        if (child.name === 'Bool') isBool = true
        else if (child.name === 'On' || child.name === 'Ignoring')
          matching = { kind: child.name === 'On' ? 'on' : 'ignoring', labels: this.#labels(modifier) }
        else if (child.name !== 'GroupingLabels') throw this.#unsupported(child)
      }
    }
    const operation = (first: Expression): BinaryOperation => ({
      kind: 'binary',
      operator,
      isBool,
      matching,
      left: first,
      right: this.expression(right, depth + 1),
    })
    const first = this.expression(left!, depth + 1)
    // The grammar takes the sign of -2^2 for a part of the number; in PromQL powers bind closer.
    if (operator === '^' && left!.name === 'NumberDurationLiteral' && this.#slice(left!).startsWith('-'))
      return {
        kind: 'negate',
        operand: operation({ kind: 'number', value: -(first as { value: number }).value }),
      }
    return operation(first)
  }

  #labels(node: SyntaxNode): readonly string[] {
    return childrenOf(node.getChild('GroupingLabels')).map((label) =>
      label.name === 'QuotedLabelName' ? textOf(this.#slice(label)) : this.#slice(label),
    )
  }

  #offset(node: SyntaxNode): number {
    const duration = node.getChild('OffsetDurationExpr')
    if (!duration) throw this.#unsupported(node)
    return this.#duration(duration)
  }

  #duration(node: SyntaxNode): number {
    const text = this.#slice(node).replaceAll(/\s/g, '')
    const ms = text.startsWith('-') ? durationMs(text.slice(1)) : durationMs(text)
    if (ms === undefined) throw badData(`not a duration: ${text.slice(0, 100)}`)
    return text.startsWith('-') ? -ms : ms
  }

  #only(node: SyntaxNode): SyntaxNode {
    return childrenOf(node)[0]!
  }

  #slice(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to)
  }

  #unsupported(node: SyntaxNode): PromqlError {
    return badData(`this is not supported: ${this.#slice(node).slice(0, 100)} (docs/prometheus-api.md)`)
  }
}

/** Without comments. */
function childrenOf(node: SyntaxNode | null): readonly SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = node?.firstChild ?? null; child; child = child.nextSibling)
    if (child.name !== 'LineComment') children.push(child)
  return children
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name)
}
