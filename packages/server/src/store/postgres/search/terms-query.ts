/** What terms must match, as PostgreSQL's tsquery writes it. */
import pg from 'pg'
import type { TermMatch } from '../../../search/filter-plan.ts'

/** A literal in SQL. */
export function termsQuery(match: TermMatch): string {
  return `${pg.escapeLiteral(query(match))}::tsquery`
}

function query(match: TermMatch): string {
  switch (match.kind) {
    case 'term':
      return quoted(match.term)
    case 'prefix':
      return `${quoted(match.term)}:*`
    case 'without':
      return `(${query(match.match)} & !${query(match.unmatch)})`
    case 'and':
      return `(${match.parts.map(query).join(' & ')})`
    case 'or':
      return `(${match.parts.map(query).join(' | ')})`
  }
}

/** As a lexeme is written in a tsquery and in a tsvector. */
export function quoted(term: string): string {
  return `'${term.replace(/['\\]/g, '$&$&')}'`
}
