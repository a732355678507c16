/** Marks in a text what the query asks for. */
import type { Filter } from '@trailproof/core/query'
import styles from './marked.module.css'
import type { QueryLanguage } from './query-language.ts'

/** A query of more asks for too much to be seen. */
const TERMS_MAX = 32
const CHARS_MAX = 2_000
/** What means something in a regular expression. */
const SPECIAL = /[\\^$.*+?()[\]{}|]/g

export interface Term {
  readonly text: string
  /** Undefined: free text, which may stand in any field. */
  readonly field: string | undefined
}

/** What records must hold: words, phrases, values of fields; nothing of what they must not. */
export function termsOf(language: QueryLanguage | undefined, query: string): readonly Term[] {
  try {
    const { filter } = language?.parseQuery(query) ?? {}
    return filter === undefined ? [] : termsIn(filter).slice(0, TERMS_MAX)
  } catch {
    return [] // no query, of which the bar tells
  }
}

function termsIn(filter: Filter): readonly Term[] {
  if (filter.kind === 'and' || filter.kind === 'or') return filter.parts.flatMap(termsIn)
  if (filter.kind === 'text') return [{ text: filter.text, field: undefined }]
  if (filter.kind !== 'field') return []
  const { test, field } = filter
  const literals = test.op === 'equals' ? [test.value] : test.op === 'in' ? test.values : []
  const parts = test.op === 'wildcard' ? test.parts : literals
  return parts.filter((text) => text.length > 1).map((text) => ({ text, field }))
}

interface MarkedProps {
  readonly text: string
  readonly terms: readonly Term[]
  /** Of which field the text is. */
  readonly field: string | undefined
}

export function Marked({ text, terms, field }: MarkedProps) {
  const texts = terms
    .filter((term) => term.field === undefined || term.field === field)
    .map((term) => term.text)
  if (texts.length === 0) return text
  return piecesOf(text.slice(0, CHARS_MAX), texts).map(({ at, piece, isMarked }) =>
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

/** The text, cut where something that is asked for begins and ends, in any case; at each place the longest counts. */
export function piecesOf(text: string, texts: readonly string[]): readonly Piece[] {
  const escaped = texts
    .toSorted((a, b) => b.length - a.length)
    .map((each) => each.replaceAll(SPECIAL, String.raw`\$&`))
  const pieces = text.split(new RegExp(`(${escaped.join('|')})`, 'iu'))
  let at = 0
  return pieces.flatMap((piece, i) => {
    const shown = { at, piece, isMarked: i % 2 === 1 }
    at += piece.length
    return piece === '' ? [] : [shown]
  })
}
