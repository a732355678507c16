/** Faults as problems: what a client may know of them. */
import { Held } from '../holds/held.ts'
import type { TrailproofError } from '../trailproof-error.ts'
import { type Problem, problem } from './problem.ts'

/** For everything that was not foreseen: the log has the rest. */
export const INTERNAL: Problem = problem('internal', 'the server could not answer; its log says why')

/** A fault that was foreseen, as the problem a client is told. */
export function faultProblem(error: TrailproofError): Problem {
  const { code, message, retryable } = error
  switch (code) {
    case 'HELD':
      return problem('held', error.message, error instanceof Held ? { held: error.entries } : {})
    case 'NOT_ERASABLE':
      return problem('not-erasable', message)
    case 'LEDGER_EXISTS':
      return problem('ledger-exists', message)
    case 'LEDGER_CLOSED':
      return problem('ledger-deleted', message)
    case 'LEDGER_UNKNOWN':
    case 'ENTRY_UNKNOWN':
      return problem('not-found', message)
    case 'BAD_REQUEST':
      return problem('bad-request', message)
    case 'FIELD_ENCRYPTED':
      return problem('field-encrypted', message)
    case 'STOPPING':
      return problem('stopping', message)
    case 'RATE_LIMITED':
      return problem('too-many-requests', message)
    case 'DISK_RESERVE':
      return problem('disk-reserve', message)
    default:
      return retryable ? problem('overloaded', message) : INTERNAL
  }
}
