/** Names of fields in a parameter, joined by commas: `service,"labels.cost centre"`. */

import { QueryError } from './query-error.ts'
import { TextScanner } from './text-scanner.ts'

/** The names as they are written, quotation marks resolved. A name that holds no comma needs none. */
export function parseFieldNames(text: string): string[] {
  const scanner = new TextScanner(text)
  const names: string[] = []
  do {
    scanner.skipSpace()
    const start = scanner.at
    let name: string
    if (scanner.here() === '"') {
      name = scanner.quoted()
      scanner.skipSpace()
    } else {
      const comma = text.indexOf(',', start)
      scanner.at = comma < 0 ? text.length : comma
      name = text.slice(start, scanner.at).trimEnd()
    }
    if (name === '') throw new QueryError('the name of a field is missing', start, 0)
    names.push(name)
  } while (scanner.take(','))
  if (scanner.at < text.length)
    throw new QueryError('expected a comma or the end', scanner.at, text.length - scanner.at)
  return names
}
