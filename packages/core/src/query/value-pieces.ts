/** A value is written in pieces: texts, quoted or not, and `*` between them. */

import type { Literal } from './literal.ts'
import type { ParseContext } from './parse-context.ts'

export type Piece =
  | { readonly kind: 'star' }
  | ({ readonly kind: 'text'; readonly quoted: boolean } & Literal)

/** The pieces from here to where the value ends; `stops` ends one too. */
export function takePieces(context: ParseContext, stops: string): Piece[] {
  const { scanner } = context
  const pieces: Piece[] = []
  for (;;) {
    const start = scanner.at
    if (scanner.here() === '"') pieces.push({ kind: 'text', quoted: true, text: scanner.quoted(), start })
    else {
      scanner.at = scanner.runEnd(stops)
      if (scanner.at === start) return pieces
      takeRunPieces(scanner.text.slice(start, scanner.at), start, pieces)
    }
  }
}

function takeRunPieces(run: string, start: number, pieces: Piece[]): void {
  let at = start
  for (const [i, text] of run.split('*').entries()) {
    if (i > 0) pieces.push({ kind: 'star' })
    if (text !== '') pieces.push({ kind: 'text', quoted: false, text, start: at })
    at += text.length + 1
  }
}

/** The one text of a value that is a literal. */
export function onlyText(context: ParseContext, pieces: readonly Piece[]): Literal {
  const [first, second] = pieces
  if (second?.kind === 'text') throw missingSpace(context, second)
  if (first?.kind !== 'text') throw context.error('a value is missing', context.scanner.at)
  return first
}

export function missingSpace(context: ParseContext, piece: Literal): Error {
  return context.error(
    'a space is missing here, or \\ before a quotation mark inside quotation marks',
    piece.start,
  )
}

/** Two dots that no dot or slash is next to: `1..5`, but neither `wait...` nor `/a/../b`. */
const DOTS = /(?<![./])\.\.(?![./])/

interface Range {
  readonly low: Literal | undefined
  readonly high: Literal | undefined
}

/** The bounds around the dots, or undefined when this is no range. Dots in quotation marks are plain text. */
export function rangeOf(pieces: readonly Piece[]): Range | undefined {
  const texts = pieces.filter((piece) => piece.kind === 'text')
  const at = texts.findIndex(({ text, quoted }) => !quoted && DOTS.test(text))
  const dotted = texts[at]
  if (dotted === undefined) return undefined
  const dots = dotted.text.search(DOTS)
  const before = { text: dotted.text.slice(0, dots), start: dotted.start }
  const after = { text: dotted.text.slice(dots + 2), start: dotted.start + dots + 2 }
  const low = sideOf(texts.slice(0, at), before)
  const high = sideOf(texts.slice(at + 1), after)
  if (low === 'broken' || high === 'broken' || (low ?? high) === undefined) return undefined
  return { low, high }
}

/** One side of the dots is a quoted text, an unquoted one, or nothing. */
function sideOf(quoted: readonly Literal[], plain: Literal): Literal | 'broken' | undefined {
  if (quoted.length === 0) return plain.text === '' ? undefined : plain
  return quoted.length === 1 && plain.text === '' ? quoted[0] : 'broken'
}
