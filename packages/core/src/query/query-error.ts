/** Why a query is refused, and where. */

export class QueryError extends Error {
  override readonly name = 'QueryError'
  /** Where in the text, in UTF-16 code units from 0; its end when something is missing there. */
  readonly position: number
  readonly length: number
  /** What to write in place of these characters; the query is read then, or refused for something else. */
  readonly suggestion: string | undefined

  constructor(message: string, position: number, length: number, suggestion?: string) {
    super(message)
    this.position = position
    this.length = length
    this.suggestion = suggestion
  }
}

const SHOWN_CHARS_MAX = 60

/** A piece of the query, for messages. */
export function shown(text: string): string {
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text
}
