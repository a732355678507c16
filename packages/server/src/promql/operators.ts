/** Arithmetic, comparisons and sets: of two numbers, of a series and a number, and of series with the same labels. */
import type { Arithmetic, BinaryOperation, Comparison, SetOperator } from './expression.ts'
import { badData, PromqlError } from './promql-error.ts'
import { chosen, type LabelSet, labelKey, type Series, type Value, vector, withoutName } from './series.ts'

const ARITHMETICS: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
}

const COMPARES: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
}

/** What is left of a pair; undefined: nothing. */
type Combine = (left: number, right: number) => number | undefined

type Asked = Pick<BinaryOperation, 'operator' | 'isBool' | 'matching'>

export function applyOperator(asked: Asked, left: Value, right: Value): Value {
  const { operator, isBool, matching } = asked
  if (operator === 'and' || operator === 'or' || operator === 'unless') {
    if (left.kind === 'scalar' || right.kind === 'scalar')
      throw badData(`${operator} is for series, not for numbers`)
    return combineSets(operator, matching, left.series, right.series)
  }
  const combine = combineOf(operator, isBool)
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    if (operator in COMPARES && !isBool) throw badData('comparisons between scalars must use bool modifier')
    return { kind: 'scalar', values: left.values.map((value, i) => combine(value, right.values[i]!)!) }
  }
  const keepsName = operator in COMPARES && !isBool
  const named = (labels: LabelSet): LabelSet => (keepsName ? labels : withoutName(labels))
  if (right.kind === 'scalar')
    return mapSeries(left.kind === 'vector' ? left.series : [], named, (value, i) =>
      combine(value, right.values[i]!),
    )
  if (left.kind === 'scalar')
    // A comparison leaves the series' own value, whichever side it is on.
    return mapSeries(right.series, named, (value, i) => {
      const kept = combine(left.values[i]!, value)
      return keepsName && kept !== undefined ? value : kept
    })
  return pairSeries(combine, { matching, named }, left.series, right.series)
}

function combineOf(operator: Arithmetic | Comparison, isBool: boolean): Combine {
  if (operator in ARITHMETICS) return ARITHMETICS[operator as Arithmetic]
  const holds = COMPARES[operator as Comparison]
  if (isBool) return (a, b) => (holds(a, b) ? 1 : 0)
  return (a, b) => (holds(a, b) ? a : undefined)
}

function mapSeries(
  series: readonly Series[],
  named: (labels: LabelSet) => LabelSet,
  change: (value: number, step: number) => number | undefined,
): Value {
  return vector(
    series.map(({ labels, values }) => ({
      labels: named(labels),
      values: values.map((value, i) => (value === undefined ? undefined : change(value, i))),
    })),
  )
}

function keyOf(matching: Asked['matching']): (labels: LabelSet) => string {
  return (labels) =>
    labelKey(
      matching?.kind === 'on'
        ? chosen(labels, matching.labels, 'only')
        : chosen(labels, matching?.labels ?? [], 'but'),
    )
}

function pairSeries(
  combine: Combine,
  { matching, named }: { matching: Asked['matching']; named: (labels: LabelSet) => LabelSet },
  left: readonly Series[],
  right: readonly Series[],
): Value {
  const key = keyOf(matching)
  const others = byKey(right, key)
  byKey(left, key) // refuses several series of the same labels
  const pairs = left.flatMap(({ labels, values }): Series[] => {
    const other = others.get(key(labels))
    if (!other) return []
    const kept = matching
      ? matching.kind === 'on'
        ? chosen(labels, matching.labels, 'only')
        : chosen(labels, matching.labels, 'but')
      : named(labels)
    const combined = values.map((value, i) => {
      const second = other.values[i]
      return value === undefined || second === undefined ? undefined : combine(value, second)
    })
    return [{ labels: kept, values: combined }]
  })
  return vector(pairs)
}

function byKey(series: readonly Series[], key: (labels: LabelSet) => string): ReadonlyMap<string, Series> {
  const found = new Map<string, Series>()
  for (const one of series) {
    const text = key(one.labels)
    if (found.has(text))
      throw new PromqlError(
        'execution',
        'several series have the same labels on one side: many-to-one matching is not supported; sum by what both sides share',
      )
    found.set(text, one)
  }
  return found
}

function combineSets(
  operator: SetOperator,
  matching: Asked['matching'],
  left: readonly Series[],
  right: readonly Series[],
): Value {
  const key = keyOf(matching)
  /** Whether some series of the key has a value at a step. */
  const presence = (series: readonly Series[]): ReadonlyMap<string, readonly boolean[]> => {
    const present = new Map<string, boolean[]>()
    for (const { labels, values } of series) {
      const text = key(labels)
      const steps = present.get(text) ?? values.map(() => false)
      values.forEach((value, i) => (steps[i] ||= value !== undefined))
      present.set(text, steps)
    }
    return present
  }
  const keepWhere = (
    series: readonly Series[],
    other: ReadonlyMap<string, readonly boolean[]>,
    wanted: boolean,
  ) =>
    series.map(({ labels, values }) => {
      const steps = other.get(key(labels))
      return {
        labels,
        values: values.map((value, i) => ((steps?.[i] ?? false) === wanted ? value : undefined)),
      }
    })
  if (operator === 'or') return vector([...left, ...keepWhere(right, presence(left), false)])
  return vector(keepWhere(left, presence(right), operator === 'and'))
}
