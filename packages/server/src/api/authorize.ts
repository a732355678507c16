/** Who is calling, and on which ledger: the first lines of every route. */
import type { AccessRefusal } from '../access/access-refusal.ts'
import type { ApiKeys, Caller } from '../access/api-keys.ts'
import { chooseLedger, type LedgerRefusal } from '../access/choose-ledger.ts'
import type { Scope } from '../directory/directory.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import { type Problem, problem } from './problem.ts'

/** A problem on its way to the client, thrown by route helpers and sent by the error handler. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(what: Problem) {
    super(what.detail)
    this.problem = what
  }
}

/** A request of any protocol whose key is in its headers. */
export interface WithHeaders {
  readonly headers: {
    readonly authorization?: string | undefined
    readonly 'x-api-key'?: string | string[] | undefined
  }
}

/** `Authorization: Bearer <token>`, `Authorization: Basic <any:token>` or `X-API-Key: <token>`. */
export function tokenOf({ headers }: WithHeaders): string | undefined {
  const { authorization } = headers
  if (authorization === undefined) {
    const key = headers['x-api-key']
    return typeof key === 'string' ? key : undefined
  }
  const space = authorization.indexOf(' ')
  const scheme = authorization.slice(0, space).toLowerCase()
  const value = authorization.slice(space + 1).trim()
  if (scheme === 'bearer') return value
  if (scheme !== 'basic') return undefined
  const pair = Buffer.from(value, 'base64').toString('utf8')
  return pair.slice(pair.indexOf(':') + 1)
}

export function accessProblem({ reason, detail }: AccessRefusal): Problem {
  return problem(reason === 'missing-scope' ? 'forbidden' : 'unauthorized', detail)
}

/** The caller, or the problem thrown. */
export function callerOf(request: WithHeaders, keys: ApiKeys, scope: Scope): Caller {
  const caller = keys.identify(tokenOf(request), scope)
  if (caller.kind === 'refused') throw new ProblemError(accessProblem(caller))
  return caller
}

const PROBLEM_OF = { forbidden: 'forbidden', unknown: 'not-found', blocked: 'ledger-blocked' } as const

export function ledgerProblem({ reason, detail }: LedgerRefusal): Problem {
  return problem(PROBLEM_OF[reason], detail)
}

/** The ledger a caller means, or the problem thrown. */
export function ledgerOf(
  asked: string | undefined,
  caller: Caller,
  ledgers: LedgerTable,
  to: 'read' | 'write' = 'read',
): LedgerView {
  const choice = chooseLedger(asked, caller, ledgers, to)
  if (choice.kind === 'refused') throw new ProblemError(ledgerProblem(choice))
  return choice.view
}

/** Caller and ledger of a reading request. */
export function readerOf(
  request: WithHeaders,
  asked: string | undefined,
  { keys, ledgers }: { keys: ApiKeys; ledgers: LedgerTable },
): { caller: Caller; view: LedgerView } {
  const caller = callerOf(request, keys, 'read')
  const view = ledgerOf(asked, caller, ledgers)
  readers.set(request, { caller, view })
  return { caller, view }
}

interface Reader {
  readonly caller: Caller
  readonly view: LedgerView
}

/** Who reads with which request, for the record of the read. */
const readers = new WeakMap<WithHeaders, Reader>()

/** Undefined while the request was not found to be allowed. */
export function knownReader(request: WithHeaders): Reader | undefined {
  return readers.get(request)
}
