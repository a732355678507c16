/** Who is calling, on which ledger, and what they see of it: the first lines of every route. Denials are noted. */
import type { AccessRefusal } from '../access/access-refusal.ts'
import { type Caller, describeCaller } from '../access/caller.ts'
import type { IdentifiedCaller } from '../access/caller-watch.ts'
import type { Callers } from '../access/callers.ts'
import { chooseLedger, type LedgerRefusal, withinIn } from '../access/choose-ledger.ts'
import type { CertificateNames, Credentials } from '../access/credentials.ts'
import { decide } from '../access/decide.ts'
import type { Denials } from '../access/denials.ts'
import type { Permission } from '../access/permissions.ts'
import type { Sight } from '../access/sight.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import { type Problem, problem } from './problem.ts'
import { ProblemError } from './problem-error.ts'
import { UNMASK_HEADER, unmaskReason } from './unmask.ts'

export { ProblemError } from './problem-error.ts'

/** A request of any protocol whose credentials are in its headers. */
export interface WithHeaders {
  readonly headers: {
    readonly authorization?: string | undefined
    readonly 'x-api-key'?: string | string[] | undefined
    readonly [UNMASK_HEADER]?: string | string[] | undefined
  }
  /** The client's address. */
  readonly ip?: string | undefined
  readonly id?: string
  readonly method?: string
  /** The token of a session, where a browser sent it by itself; read by a hook. */
  readonly cookieToken?: string | undefined
  /** Of the connection; read by a hook. */
  readonly clientCertificate?: CertificateNames | undefined
  /** Its `url` is the route's template; of gRPC the path of the method. */
  readonly routeOptions?: { readonly url?: string | undefined; readonly config?: { readonly viewers?: true } }
}

/** What requests are authorized with. */
export interface Access {
  readonly callers: Pick<Callers, 'identify'>
  readonly ledgers: LedgerTable
  readonly denials: Denials
}

export interface Reader {
  readonly caller: IdentifiedCaller
  readonly view: LedgerView
  /** What they see of the ledger. */
  readonly sight: Sight
  /** Their reason to see personal data, where they state one; recorded before anything is shown. */
  readonly unmask: string | undefined
  readonly request: WithHeaders
  readonly denials: Denials
}

/** `Authorization: Bearer <token>`, `Authorization: Basic <any:token>` or `X-API-Key: <token>`. */
function tokenOf({ headers }: WithHeaders): string | undefined {
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

/** All that a request shows of who sends it. */
export function credentialsOf(request: WithHeaders): Credentials {
  return {
    token: tokenOf(request) ?? request.cookieToken,
    certificate: request.clientCertificate,
    admitsViewers: request.routeOptions?.config?.viewers === true,
  }
}

export function accessProblem({ reason, detail }: AccessRefusal): Problem {
  return problem(reason === 'missing-permission' ? 'forbidden' : 'unauthorized', detail)
}

const PROBLEM_OF = {
  forbidden: 'forbidden',
  unknown: 'not-found',
  blocked: 'ledger-blocked',
  deleted: 'ledger-deleted',
} as const

export function ledgerProblem({ reason, detail }: LedgerRefusal): Problem {
  return problem(PROBLEM_OF[reason], detail)
}

/** Whoever is known, with the permission on some ledger where one is named; or the problem thrown. */
export function callerOf(
  request: WithHeaders,
  access: Access,
  permission?: Permission,
  asked?: string,
): IdentifiedCaller {
  const caller = access.callers.identify(credentialsOf(request), permission)
  if (caller.kind === 'caller') return caller
  noteDenial(request, access, { ledger: asked, caller: caller.caller, permission })
  throw new ProblemError(accessProblem(caller))
}

/** The caller, who holds the permission of all ledgers; or the problem thrown. */
export function wholeOf(request: WithHeaders, access: Access, permission: Permission): IdentifiedCaller {
  const caller = callerOf(request, access, permission)
  const decision = decide(caller, permission, undefined, withinIn(access.ledgers))
  if (decision.kind === 'allowed') return caller
  noteDenial(request, access, { ledger: undefined, caller, permission })
  throw new ProblemError(problem('forbidden', decision.detail))
}

/** Caller, ledger and sight of a request, for what is of a ledger; or the problem thrown. */
export function keeperOf(
  request: WithHeaders,
  asked: string | undefined,
  access: Access,
  permission: Permission,
  to: 'read' | 'write' = 'read',
): Reader {
  const caller = callerOf(request, access, permission, asked)
  const unmask = unmaskReason(request.headers[UNMASK_HEADER])
  const options = { to, unmasked: unmask !== undefined }
  const choice = chooseLedger(asked, caller, permission, access.ledgers, options)
  const { denials } = access
  if (choice.kind === 'ledger')
    return { caller, view: choice.view, sight: choice.sight, unmask, request, denials }
  if (choice.reason === 'forbidden')
    noteDenial(request, access, {
      ledger: choice.ledger,
      caller,
      permission: choice.denied?.permission ?? permission,
    })
  throw new ProblemError(ledgerProblem(choice))
}

/** As `keeperOf`, of a request that shows records: what it asks for is recorded with who asks. */
export function readerOf(
  request: WithHeaders,
  asked: string | undefined,
  access: Access,
  permission: Permission = 'read',
): Reader {
  const reader = keeperOf(request, asked, access, permission)
  readers.set(request, reader)
  return reader
}

/** Nobody gives away what they do not have. */
export function beyondProblem(
  request: WithHeaders,
  access: Access,
  caller: IdentifiedCaller,
  permission: Permission,
): ProblemError {
  noteDenial(request, access, { ledger: undefined, caller, permission })
  const detail = `${describeCaller(caller)} cannot give the permission ${permission}: it has it not, or not of all records`
  return new ProblemError(problem('forbidden', detail))
}

/** Of a reader who may read the ledger, but not this of it. */
export function deny(
  { request, caller, view, denials }: Reader,
  permission: Permission,
  detail: string,
  extra?: Readonly<Record<string, unknown>>,
): ProblemError {
  denials.note({ ...whereOf(request), ledger: view.info.name, caller, permission })
  return new ProblemError(problem('forbidden', detail, extra))
}

/** What was refused, of which ledger; `ledger` undefined: what concerns all of them, or was not said. */
export function noteDenial(
  request: WithHeaders,
  { denials, ledgers }: Pick<Access, 'denials' | 'ledgers'>,
  what: {
    readonly ledger: string | undefined
    readonly caller: Pick<Caller, 'id' | 'name'> | undefined
    readonly permission: Permission | undefined
    /** As in `Denial`. */
    readonly reason?: string
  },
): void {
  // A ledger is not made, nor a name kept, because a stranger has said one.
  const ledger = what.ledger !== undefined && ledgers.get(what.ledger) ? what.ledger : 'main'
  denials.note({ ...whereOf(request), ...what, ledger })
}

function whereOf({ method, routeOptions, ip, id }: WithHeaders) {
  const url = routeOptions?.url ?? 'unknown'
  return { route: method === undefined ? url : `${method} ${url}`, ip, requestId: id }
}

/** Who reads with which request, for the record of the read. */
const readers = new WeakMap<WithHeaders, Reader>()

/** Undefined while the request was not found to be allowed. */
export function knownReader(request: WithHeaders): Reader | undefined {
  return readers.get(request)
}
