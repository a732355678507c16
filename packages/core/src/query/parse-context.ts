/** What the parts of the parser share: the place in the text, and what was counted so far. */

import { QUERY_CONDITIONS_MAX, REGEXES_MAX } from './limits.ts'
import type { QueryError } from './query-error.ts'
import type { TextScanner } from './text-scanner.ts'

export class ParseContext {
  readonly scanner: TextScanner
  /** Parentheses and negations open here. */
  depth = 0
  private conditions = 0
  private regexes = 0

  constructor(scanner: TextScanner) {
    this.scanner = scanner
  }

  /** Throws when what begins at `start` is one condition too many. */
  countCondition(start: number): void {
    if (++this.conditions > QUERY_CONDITIONS_MAX)
      throw this.error(`a query has at most ${QUERY_CONDITIONS_MAX} conditions`, start)
  }

  countRegex(start: number): void {
    if (++this.regexes > REGEXES_MAX)
      throw this.error(`a query has at most ${REGEXES_MAX} regular expressions`, start)
  }

  /** An error about what was read since `start`, at least one character where there is one. */
  error(message: string, start: number, suggestion?: string): QueryError {
    const { text, at } = this.scanner
    const length = Math.min(Math.max(at - start, 1), text.length - start)
    return this.scanner.error(message, start, length, suggestion)
  }
}
