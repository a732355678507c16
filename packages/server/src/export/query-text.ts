/** The filter of an export as one text, from which anybody reads the same filter again. */
import { allOf, type Filter, formatFilter, notOf, parseQuery } from '@trailproof/core/query'

/** Undefined when no text says it within the bounds of a query: it was made of parameters and saved searches. */
export function queryText(filter: Filter | undefined): string | undefined {
  if (filter === undefined) return ''
  const spelled = spelledOut(filter)
  const text = formatFilter(spelled)
  try {
    return JSON.stringify(parseQuery(text).filter) === JSON.stringify(spelled) ? text : undefined
  } catch {
    return undefined // too long, or too many conditions
  }
}

/** `a..b` includes both ends: a range that leaves one out is written as two. */
function spelledOut(filter: Filter): Filter {
  switch (filter.kind) {
    case 'and':
      return allOf(filter.parts.map(spelledOut))
    case 'or':
      return { kind: 'or', parts: filter.parts.map(spelledOut) }
    case 'not':
      return notOf(spelledOut(filter.part))
    case 'field': {
      const { test, ...field } = filter
      if (test.op !== 'range' || !test.low || !test.high) return filter
      if (test.low.inclusive && test.high.inclusive) return filter
      const sides = [{ low: test.low }, { high: test.high }]
      return allOf(sides.map((side) => ({ ...field, test: { op: 'range', ...side } })))
    }
    case 'text':
    case 'saved':
      return filter
  }
}
