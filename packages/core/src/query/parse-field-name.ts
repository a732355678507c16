/** Whether a word begins with the name of a field: `outcome:failure` does; `https://x:80/` and `localhost:80` do not. */

import { isMisspelledField, resolveField, suggestField } from './fields.ts'
import { FIELD_CHARS_MAX } from './limits.ts'
import type { ParseContext } from './parse-context.ts'
import { type QueryError, shown } from './query-error.ts'

/** What a field's name may look like; anything else before a colon is part of a word. */
const NAME = /^[\p{L}_@][\p{L}\p{N}\p{M}_.@-]*$/u
/** After a colon: a port, with a path or without. */
const PORT = /\d+(?=$|[\s()|,/?#])/y
const NAME_END = /[\s"()|:]/g

/**
 * Steps over the name and its colon when a field begins here; otherwise stays and answers undefined: a plain
 * word. Throws for a name that looks like a field and is none.
 */
export function takeFieldName(context: ParseContext): { readonly text: string } | undefined {
  const { scanner } = context
  const start = scanner.at
  if (scanner.here() === '"') return takeQuotedName(context)
  NAME_END.lastIndex = start
  const end = NAME_END.exec(scanner.text)?.index ?? scanner.text.length
  if (scanner.text.charAt(end) !== ':' || end === start) return undefined
  const text = scanner.text.slice(start, end)
  if (scanner.text.startsWith('//', end + 1)) return undefined
  if (!isKnown(text)) {
    PORT.lastIndex = end + 1
    if (scanner.text.startsWith(':', end + 1) || !NAME.test(text)) return undefined
    if (PORT.test(scanner.text) && !isMisspelledField(text)) return undefined
    throw unknownField(context, text, start)
  }
  scanner.at = end + 1
  return { text }
}

/** `"labels.cost centre":x`: a name that holds what otherwise ends one. */
function takeQuotedName(context: ParseContext): { readonly text: string } | undefined {
  const { scanner } = context
  const start = scanner.at
  const text = scanner.quoted()
  if (!scanner.take(':')) {
    scanner.at = start
    return undefined
  }
  if (!isKnown(text)) throw unknownField(context, text, start)
  return { text }
}

function isKnown(name: string): boolean {
  return (
    name.length <= FIELD_CHARS_MAX && (/^(?:last|has|label)$/i.test(name) || resolveField(name) !== undefined)
  )
}

export function unknownField(context: ParseContext, name: string, start: number): QueryError {
  const near = name.length > FIELD_CHARS_MAX ? undefined : suggestField(name)
  const meant = near === undefined ? '.' : `; did you mean ${near}?`
  const { scanner } = context
  return scanner.error(
    `there is no field ${shown(name)}${meant} Put the text in quotation marks to search for it as it is`,
    start,
    name.length,
    near,
  )
}
