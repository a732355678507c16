/** What an error of PostgreSQL or of the way to it means to us. */
import { TrailproofError } from '../../trailproof-error.ts'

/** Raised by our own functions (`migrations/ledger-0001.ts`) when the stored head is another one. */
export const HEAD_MOVED_STATE = 'TP001'

/** SQLSTATEs after which a connection is of no use here: lost, shut down, or to a server that takes no writes. */
const CONNECTION_STATES = /^(?:08...|57P0[1-5]|25006)$/
/** SQLSTATEs that trying again, or elsewhere, will not mend: the login or the database is wrong. */
const FINAL_STATES = /^(?:28...|3D000|42501)$/
const SQLSTATE = /^[0-9A-Z]{5}$/

/** The SQLSTATE the server gave, or undefined when the server said nothing. */
export function stateOf(error: unknown): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  return typeof severity === 'string' && typeof code === 'string' && SQLSTATE.test(code) ? code : undefined
}

/** True when the connection is gone or must go: what was under way on it may have been done or not. */
export function isConnectionFault(error: unknown): boolean {
  if (error instanceof TrailproofError) return error.code === 'STORE_UNAVAILABLE'
  const state = stateOf(error)
  if (state === undefined) return isOfTheNetwork(error)
  const { severity } = error as { severity?: string }
  return severity === 'FATAL' || severity === 'PANIC' || CONNECTION_STATES.test(state)
}

/** True when no other host and no later time will make the connection work. */
export function isFinalFault(error: unknown): boolean {
  const state = stateOf(error)
  return state !== undefined && FINAL_STATES.test(state)
}

/** What callers are told of an error in something that was not a commit. */
export function faultOf(error: unknown, what: string): unknown {
  if (error instanceof TrailproofError) return error
  if (isConnectionFault(error)) return unavailable(what, error)
  // Ended by a timeout, a deadlock or a conflict with others: it may go through next time.
  if (/^(?:57014|55P03|40...|53...)$/.test(stateOf(error) ?? ''))
    return new TrailproofError('OVERLOADED', `${what}: ${(error as Error).message}`, {
      retryable: true,
      cause: error,
    })
  // Text that PostgreSQL cannot keep, such as one with a NUL in it.
  if (stateOf(error) === '22021')
    return new TrailproofError('BAD_REQUEST', `${what}: ${(error as Error).message}`, { cause: error })
  return error
}

export function unavailable(what: string, cause: unknown): TrailproofError {
  const message = cause instanceof Error ? cause.message || cause.name : 'no connection'
  return new TrailproofError('STORE_UNAVAILABLE', `${what}: ${message}`, { retryable: true, cause })
}

/** The client names these in words only. */
const LOST =
  /^(?:Connection terminated|timeout expired|timeout exceeded|Query read timeout|Client (?:was closed|has encountered)|The server does not support SSL)/

function isOfTheNetwork(error: unknown): boolean {
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown }
  return (
    typeof syscall === 'string' ||
    (typeof code === 'string' && /^E[A-Z]+$/.test(code)) ||
    (typeof message === 'string' && LOST.test(message)) ||
    error instanceof AggregateError
  )
}
