/** Changes the text of a query as clicks do: what is there already stays as it was written. */
import type { Filter } from '@trailproof/core/query'
import type { QueryLanguage } from './query-language.ts'

/** Makes another query of the one that is there. */
export type QueryEdit = (language: QueryLanguage, query: string) => string

/** One of the conditions that all must hold, and the query as it would be without it or with its opposite. */
export interface Condition {
  readonly text: string
  readonly isNegated: boolean
  readonly without: string
  readonly inverted: string
}

/** The query, and one more condition. Of a text that is no query, the condition is put behind it. */
export function withCondition(language: QueryLanguage, query: string, condition: Filter): string {
  const term = language.formatFilter(condition)
  const text = query.trim()
  if (text === '' || text === '*') return term
  const [filter = '', ...pipes] = splitPipes(text)
  const held = isAlternative(language, filter) ? `(${filter})` : filter
  if (partsOf(language, filter).some((part) => language.formatFilter(part) === term)) return text
  return joined([`${held} ${term}`, ...pipes])
}

/** The query with this value of a field and no other. */
export function withOnly(language: QueryLanguage, query: string, field: string, value: string): string {
  return withCondition(language, withoutField(language, query, field), equals(field, value))
}

/** The query with this value beside those of the field that it asks for already. */
export function withAlso(language: QueryLanguage, query: string, field: string, value: string): string {
  const asked = valuesOf(language, query, field)
  const values = [...new Set([...asked, value])]
  return withCondition(language, withoutField(language, query, field), oneOf(field, values))
}

/** The values of a field that the query asks for; none when it asks for all of them. */
export function valuesOf(language: QueryLanguage, query: string, field: string): readonly string[] {
  return partsOf(language, query).flatMap((part) => {
    if (part.kind !== 'field' || part.field !== field) return []
    if (part.test.op === 'equals') return [part.test.value]
    return part.test.op === 'in' ? part.test.values : []
  })
}

export function conditionsOf(language: QueryLanguage, query: string): readonly Condition[] {
  const parts = partsOf(language, query)
  return parts.map((part, i) => ({
    text: language.formatFilter(part),
    isNegated: part.kind === 'not',
    without: withParts(language, query, parts.toSpliced(i, 1)),
    inverted: withParts(language, query, parts.with(i, language.notOf(part))),
  }))
}

/** What of a query decides which records it finds, without what is made of them. */
export function filterText(query: string): string {
  return splitPipes(query)[0] ?? ''
}

export function equals(field: string, value: string): Filter {
  return { kind: 'field', field, test: { op: 'equals', value } }
}

/** Records of a time; `to` is no more of it. */
export function between(from: string, to: string): Filter {
  const test = {
    op: 'range',
    low: { value: from, inclusive: true },
    high: { value: to, inclusive: false },
  } as const
  return { kind: 'field', field: 'timestamp', test }
}

export function not(part: Filter): Filter {
  return { kind: 'not', part }
}

function oneOf(field: string, values: readonly string[]): Filter {
  return values.length === 1
    ? equals(field, values[0]!)
    : { kind: 'field', field, test: { op: 'in', values } }
}

/** The query without what it asks of a field. */
export function withoutField(language: QueryLanguage, query: string, field: string): string {
  const parts = partsOf(language, query)
  const kept = parts.filter((part) => {
    const asked = part.kind === 'not' ? part.part : part
    return asked.kind !== 'field' || asked.field !== field
  })
  return kept.length === parts.length ? query : withParts(language, query, kept)
}

/** Conditions that all must hold; none of a text that is no query. */
function partsOf({ parseQuery }: QueryLanguage, query: string): readonly Filter[] {
  try {
    const { filter } = parseQuery(query)
    if (filter === undefined) return []
    return filter.kind === 'and' ? filter.parts : [filter]
  } catch {
    return []
  }
}

function withParts(language: QueryLanguage, query: string, parts: readonly Filter[]): string {
  const [, ...pipes] = splitPipes(query)
  return joined([parts.length === 0 ? '' : language.formatFilter(language.allOf(parts)), ...pipes])
}

function joined(parts: readonly string[]): string {
  return parts.join(' | ').trim()
}

/** At pipes that stand outside of quotation marks and regular expressions. */
function splitPipes(text: string): string[] {
  const parts = text.match(/(?:"(?:\\.|[^"\\])*"|\/(?:\\.|[^/\\])*\/|[^|])+/g) ?? []
  const filterFirst = text.trimStart().startsWith('|') ? ['', ...parts] : parts
  return filterFirst.map((part) => part.trim())
}

/** OR binds weaker than what is put behind it. */
function isAlternative(language: QueryLanguage, text: string): boolean {
  return partsOf(language, text)[0]?.kind === 'or'
}
