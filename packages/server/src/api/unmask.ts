/** The reason that a request states for seeing personal data: header or metadata `Trailproof-Unmask`. */

import { problem } from './problem.ts'
import { ProblemError } from './problem-error.ts'

export const UNMASK_HEADER = 'trailproof-unmask'
const REASON_CHARS_MIN = 10
const REASON_CHARS_MAX = 500

/** Undefined without one; throws a problem for one that says nothing. */
export function unmaskReason(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const reason = typeof header === 'string' ? asUtf8(header).trim() : ''
  if (reason.length >= REASON_CHARS_MIN && reason.length <= REASON_CHARS_MAX) return reason
  throw new ProblemError(
    problem(
      'bad-request',
      `Trailproof-Unmask: one reason of ${REASON_CHARS_MIN} to ${REASON_CHARS_MAX} characters is expected`,
    ),
  )
}

/** Headers come as a character a byte. */
function asUtf8(header: string): string {
  const bytes = Buffer.from(header, 'latin1')
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : header
}
