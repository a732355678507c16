/** A value that stands alone, in a parameter named after its field (spec/query.md, "Parameters"). */

import { resolveField } from './fields.ts'
import { ParseContext } from './parse-context.ts'
import { unknownField } from './parse-field-name.ts'
import { fieldFilter, literalTest, parseValue, takeRegexSource } from './parse-value.ts'
import type { Filter } from './query.ts'
import { TextScanner } from './text-scanner.ts'
import { rangeOf, takePieces } from './value-pieces.ts'

/**
 * What `name:text` means in a query where the text is one value of the grammar, otherwise the text as it stands:
 * nothing can follow it here, so spaces, bars and quotation marks need not be quoted. Throws `QueryError` for
 * what the field cannot have.
 */
export function parseParameter(name: string, text: string): Filter {
  const context = new ParseContext(new TextScanner(text))
  const field = resolveField(name)
  if (field === undefined) throw unknownField(context, name, 0)
  return isOneValue(text)
    ? parseValue(context, field)
    : fieldFilter(field, literalTest(context, field, { text, start: 0 }))
}

/**
 * Looks at the form alone, not at what the field can have: `>=loud` is a comparison, and refused for a level,
 * not the text `>=loud`.
 */
function isOneValue(text: string): boolean {
  const scanner = new TextScanner(text)
  const context = new ParseContext(scanner)
  try {
    if (scanner.take('(')) {
      do {
        scanner.skipSpace()
        if (!takeItem(context, ',')) return false
        scanner.skipSpace()
      } while (scanner.take(','))
      if (!scanner.take(')')) return false
    } else if (!takeItem(context, '')) return false
  } catch {
    return false // a quotation mark without its other half
  }
  return scanner.at === text.length
}

function takeItem(context: ParseContext, stops: string): boolean {
  const { scanner } = context
  if (scanner.isDelimiter(scanner.at)) return false
  if (scanner.here() === '/' && takeRegexSource(scanner) !== undefined) return true
  if (scanner.take('>') || scanner.take('<')) scanner.take('=')
  const pieces = takePieces(context, stops)
  const touch = pieces.some(({ kind }, i) => kind === 'text' && pieces[i - 1]?.kind === 'text')
  return pieces.length > 0 && (!touch || rangeOf(pieces) !== undefined)
}
