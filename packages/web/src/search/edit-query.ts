/** Changes the text of a query as clicks do: what is there already stays as it was written. */
import type { Filter } from '@trailproof/core/query'
import type { QueryLanguage } from './query-language.ts'

/** The query, and one more condition. Of a text that is no query, the condition is put behind it. */
export function withCondition(language: QueryLanguage, query: string, condition: Filter): string {
  const term = language.formatFilter(condition)
  const text = query.trim()
  if (text === '' || text === '*') return term
  const [filter = '', ...pipes] = splitPipes(text)
  const held = isAlternative(language, filter) ? `(${filter.trim()})` : filter.trim()
  if (held.split(' ').includes(term)) return text
  return [`${held} ${term}`.trim(), ...pipes].join(' | ')
}

export function equals(field: string, value: string): Filter {
  return { kind: 'field', field, test: { op: 'equals', value } }
}

export function not(part: Filter): Filter {
  return { kind: 'not', part }
}

/** At pipes that stand outside of quotation marks and regular expressions. */
function splitPipes(text: string): string[] {
  const parts = text.match(/(?:"(?:\\.|[^"\\])*"|\/(?:\\.|[^/\\])*\/|[^|])+/g) ?? []
  return parts.map((part) => part.trim())
}

/** OR binds weaker than what is put behind it. */
function isAlternative({ parseQuery }: QueryLanguage, text: string): boolean {
  try {
    return parseQuery(text).filter?.kind === 'or'
  } catch {
    return false
  }
}
