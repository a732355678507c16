/** Regular expressions of RE2 syntax, in linear time: none takes longer than its size times the text's length. */

import { RE2JS, RE2JSException } from 're2js'
import { REGEX_CHARS_MAX, REGEX_STEPS_MAX } from './limits.ts'

export type LinearRegex =
  | { readonly kind: 'regex'; readonly test: (text: string) => boolean }
  | { readonly kind: 'problem'; readonly message: string }

/** Never throws; `test` asks whether the expression matches anywhere in a text. */
export function compileRegex(source: string): LinearRegex {
  if (source.length > REGEX_CHARS_MAX)
    return problem(`a regular expression has at most ${REGEX_CHARS_MAX} characters, not ${source.length}`)
  try {
    const regex = RE2JS.compile(source)
    if (regex.programSize() > REGEX_STEPS_MAX)
      return problem('this regular expression is too large; repeat less in it')
    return { kind: 'regex', test: (text) => regex.test(text) }
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return problem(`not a regular expression of RE2: ${error.message.replace(/^error parsing regexp: /, '')}`)
  }
}

function problem(message: string): LinearRegex {
  return { kind: 'problem', message }
}
