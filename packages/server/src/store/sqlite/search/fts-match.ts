/** What terms must match, as FTS5 writes it. Terms hold no quotes (search/terms.ts). */
import type { TermMatch } from '../../../search/filter-plan.ts'

export function ftsMatch(match: TermMatch): string {
  switch (match.kind) {
    case 'term':
      return `"${match.term}"`
    case 'prefix':
      return `"${match.term}" *`
    case 'without':
      return `(${ftsMatch(match.match)} NOT ${ftsMatch(match.unmatch)})`
    case 'and':
    case 'or':
      return `(${match.parts.map(ftsMatch).join(` ${match.kind.toUpperCase()} `)})`
  }
}
