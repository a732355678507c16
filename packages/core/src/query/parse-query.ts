/** Reads the query language (spec/query.md): one for the API, the command line and the explorer. */

import { QUERY_CHARS_MAX } from './limits.ts'
import { ParseContext } from './parse-context.ts'
import { parseFilter } from './parse-filter.ts'
import { parsePipes } from './parse-pipes.ts'
import type { Query } from './query.ts'
import { QueryError } from './query-error.ts'
import { TextScanner } from './text-scanner.ts'

/**
 * The query in normal form. Throws `QueryError`, and nothing else, for any text that is none; in time linear in
 * the text's length.
 */
export function parseQuery(text: string): Query {
  if (text.length > QUERY_CHARS_MAX)
    throw new QueryError(
      `a query has at most ${QUERY_CHARS_MAX} characters, not ${text.length}`,
      QUERY_CHARS_MAX,
      text.length - QUERY_CHARS_MAX,
    )
  const scanner = new TextScanner(text)
  const context = new ParseContext(scanner)
  const filter = takesAll(scanner) ? undefined : parseFilter(context)
  scanner.skipSpace()
  if (scanner.here() === ')') throw scanner.error('no bracket is open here', scanner.at, 1)
  const pipes = parsePipes(context)
  if (scanner.at < text.length)
    throw scanner.error('expected | or the end', scanner.at, text.length - scanner.at)
  return { ...(filter && { filter }), pipes }
}

/** An empty filter, or `*` alone: every record. */
function takesAll(scanner: TextScanner): boolean {
  scanner.skipSpace()
  const start = scanner.at
  if (scanner.take('*')) scanner.skipSpace()
  if (scanner.here() === '' || scanner.here() === '|') return true
  scanner.at = start
  return false
}
