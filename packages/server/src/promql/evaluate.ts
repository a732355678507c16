/** What a query is worth at each of its steps. */
import { aggregate } from './aggregate.ts'
import type { EventCounts } from './event-counts.ts'
import type { Aggregation, Expression, Selector, WindowCall } from './expression.ts'
import { SERIES_LABELS } from './labels.ts'
import { applyOperator } from './operators.ts'
import { METRIC } from './parse.ts'
import { badData } from './promql-error.ts'
import {
  type LabelSet,
  labelSet,
  METRIC_LABEL,
  type Series,
  type Value,
  vector,
  withoutName,
} from './series.ts'

export interface Evaluation {
  /** ms since 1970, ascending; one for an instant query. */
  readonly steps: readonly number[]
  readonly counts: EventCounts
}

export async function evaluate(expression: Expression, at: Evaluation): Promise<Value> {
  switch (expression.kind) {
    case 'number':
      return { kind: 'scalar', values: at.steps.map(() => expression.value) }
    case 'selector':
    case 'window':
      return vector(await seriesOf(expression, SERIES_LABELS, at))
    case 'negate': {
      const minusOne: Value = { kind: 'scalar', values: at.steps.map(() => -1) }
      const operation = { operator: '*', isBool: false, matching: undefined } as const
      return applyOperator(operation, await evaluate(expression.operand, at), minusOne)
    }
    case 'call':
      return callFunction(expression, await valuesOf(expression.arguments, at), at)
    case 'aggregation':
      return aggregation(expression, at)
    case 'binary': {
      const [left, right] = await valuesOf([expression.left, expression.right], at)
      return applyOperator(expression, left!, right!)
    }
  }
}

/** One after the other: they are answered by the same thread. */
async function valuesOf(expressions: readonly Expression[], at: Evaluation): Promise<readonly Value[]> {
  const values: Value[] = []
  for (const expression of expressions) values.push(await evaluate(expression, at))
  return values
}

/** The series of a selector, told apart by `labels`. */
async function seriesOf(
  expression: Selector | WindowCall,
  labels: readonly string[],
  { steps, counts }: Evaluation,
): Promise<readonly Series[]> {
  if (expression.kind === 'selector') {
    const all = await counts({ selector: expression, labels, steps, rangeMs: undefined })
    return all.map(({ labels: known, values }) => ({ labels: { [METRIC_LABEL]: METRIC, ...known }, values }))
  }
  const { selector, rangeMs } = expression
  const found = await counts({ selector, labels, steps, rangeMs })
  if (expression.function !== 'rate') return found
  const perSecond = (value: number | undefined) =>
    value === undefined ? undefined : value / (rangeMs / 1000)
  return found.map(({ labels: known, values }) => ({ labels: known, values: values.map(perSecond) }))
}

async function aggregation(expression: Aggregation, at: Evaluation): Promise<Value> {
  const { aggregator, grouping, operand, parameter } = expression
  const k = parameter && (await evaluate(parameter, at))
  if (k && k.kind !== 'scalar') throw badData(`${aggregator} takes a number and series`)
  // A sum of counts is a count: the index adds up by these labels alone, whichever they are.
  const isCounted = aggregator === 'sum' && grouping.kind === 'by'
  if (isCounted && (operand.kind === 'selector' || operand.kind === 'window')) {
    const series = await seriesOf(operand, grouping.labels, at)
    return aggregate(aggregator, grouping, series, undefined)
  }
  const value = await evaluate(operand, at)
  if (value.kind === 'scalar') throw badData(`${aggregator} takes series, not a number`)
  return aggregate(aggregator, grouping, value.series, k?.values)
}

const ROUNDINGS = { abs: Math.abs, ceil: Math.ceil, floor: Math.floor } as const

function callFunction(
  { function: name, arguments: [written] }: Extract<Expression, { kind: 'call' }>,
  [argument, parameter]: readonly Value[],
  { steps }: Evaluation,
): Value {
  switch (name) {
    case 'time':
      return { kind: 'scalar', values: steps.map((step) => step / 1000) }
    case 'vector':
      if (argument?.kind !== 'scalar') throw badData('vector takes a number')
      return vector([{ labels: {}, values: argument.values }])
    case 'scalar': {
      const { series } = seriesIn(argument, name)
      const only = series.length === 1 ? series[0]! : undefined
      return { kind: 'scalar', values: steps.map((_, i) => only?.values[i] ?? Number.NaN) }
    }
    case 'absent': {
      const { series } = seriesIn(argument, name)
      const isAbsent = (i: number): boolean => series.every(({ values }) => values[i] === undefined)
      return vector([
        { labels: labelsAskedFor(written), values: steps.map((_, i) => (isAbsent(i) ? 1 : undefined)) },
      ])
    }
    case 'abs':
    case 'ceil':
    case 'floor':
      return eachValue(seriesIn(argument, name).series, ROUNDINGS[name])
    case 'round': {
      if (parameter && parameter.kind !== 'scalar') throw badData('round takes series and a number')
      // Halves go up, as in Prometheus.
      return eachValue(seriesIn(argument, name).series, (value, i) => {
        const nearest = parameter?.values[i] ?? 1
        return Math.floor(value / nearest + 0.5) * nearest
      })
    }
  }
}

function eachValue(series: readonly Series[], to: (value: number, at: number) => number): Value {
  return vector(
    series.map(({ labels, values }) => ({
      labels: withoutName(labels),
      values: values.map((value, i) => (value === undefined ? undefined : to(value, i))),
    })),
  )
}

/** What is absent, as far as the selector names it: labels that have to equal one value. */
function labelsAskedFor(argument: Expression | undefined): LabelSet {
  if (argument?.kind !== 'selector') return {}
  const byLabel = Map.groupBy(argument.matchers, ({ label }) => label)
  return labelSet(
    [...byLabel.values()].flatMap(([matcher, ...others]) =>
      matcher!.operator === '=' && others.length === 0 ? [[matcher!.label, matcher!.value] as const] : [],
    ),
  )
}

function seriesIn(value: Value | undefined, name: string): Extract<Value, { kind: 'vector' }> {
  if (value?.kind !== 'vector') throw badData(`${name} takes series, not a number`)
  return value
}
