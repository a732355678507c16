/** Marks in a text what the query asks for. */
import type { Filter } from '@trailproof/core/query'
import styles from './marked.module.css'
import type { QueryLanguage } from './query-language.ts'

/** A query of more asks for too much to be seen. */
const TERMS_MAX = 32
const CHARS_MAX = 2_000
/** What means something in a regular expression. */
const SPECIAL = /[\\^$.*+?()[\]{}|]/g

/** What records must hold, in lower case: words, phrases, values; nothing of what they must not. */
export function termsOf(language: QueryLanguage | undefined, query: string): readonly string[] {
  try {
    const { filter } = language?.parseQuery(query) ?? {}
    return filter === undefined ? [] : [...new Set(textsOf(filter))].slice(0, TERMS_MAX)
  } catch {
    return [] // no query, of which the bar tells
  }
}

function textsOf(filter: Filter): readonly string[] {
  if (filter.kind === 'and' || filter.kind === 'or') return filter.parts.flatMap(textsOf)
  if (filter.kind === 'text') return [filter.text.toLowerCase()]
  if (filter.kind !== 'field') return []
  const { test } = filter
  const literals = test.op === 'equals' ? [test.value] : test.op === 'in' ? test.values : []
  const parts = test.op === 'wildcard' ? test.parts : literals
  return parts.map((part) => part.toLowerCase()).filter((part) => part.length > 1)
}

export function Marked({ text, terms }: { readonly text: string; readonly terms: readonly string[] }) {
  if (terms.length === 0) return text
  return piecesOf(text.slice(0, CHARS_MAX), terms).map(({ at, piece, isMarked }) =>
    isMarked ? (
      <mark key={at} className={styles.mark}>
        {piece}
      </mark>
    ) : (
      piece
    ),
  )
}

interface Piece {
  readonly at: number
  readonly piece: string
  readonly isMarked: boolean
}

/** The text, cut where something that is asked for begins and ends; at each place the longest counts. */
export function piecesOf(text: string, terms: readonly string[]): readonly Piece[] {
  const escaped = terms
    .toSorted((a, b) => b.length - a.length)
    .map((term) => term.replaceAll(SPECIAL, '\\$&'))
  const pieces = text.split(new RegExp(`(${escaped.join('|')})`, 'iu'))
  let at = 0
  return pieces.flatMap((piece, i) => {
    const shown = { at, piece, isMarked: i % 2 === 1 }
    at += piece.length
    return piece === '' ? [] : [shown]
  })
}
