/**
 * Viewer tokens: what a product gives to its customers' browsers, so that they see what one query selects of a ledger, for a
 * while. Nothing of them is stored (docs/adr/0017): a token is sealed under the key that servers on the same ledgers share, and
 * speaks for the API key that made it, as that is at the moment.
 */
import { hash } from 'node:crypto'
import { expandSaved, type Filter, parseQuery, QueryError } from '@trailproof/core/query'
import { CookieSeal } from '../identity/sealed-cookie.ts'
import type { LedgerTable } from '../ledger/ledger-table.ts'
import { type AccessRefusal, refusedFor } from './access-refusal.ts'
import type { ApiKeys } from './api-keys.ts'
import { callerId } from './caller.ts'
import { CallerWatch, type IdentifiedCaller } from './caller-watch.ts'
import type { CallerSource } from './callers.ts'
import { withinIn } from './choose-ledger.ts'
import type { Credentials } from './credentials.ts'
import { viewerGrant } from './viewer-grant.ts'

const PREFIX = 'tpv_'
/** A token is said to have expired for so long; then it is as any that is not known. */
const TOLD_EXPIRED_MS = 24 * 3_600_000
/** Tokens that were seen and are not opened again; of more, those that were seen first are. */
const OPENED_MAX = 5000
const ID_CHARS = 16

/** What a token is made for. */
export interface ViewerPass {
  /** Prefix of the key that made it. */
  readonly maker: string
  readonly ledger: string
  /** As text: it is read again by whichever server is shown the token. */
  readonly query: string
  /** Who looks, for the ledger of accesses. */
  readonly name: string
  readonly personal: boolean
  readonly prove: boolean
  /** ms since 1970. */
  readonly expiresAt: number
}

export interface ViewerTokensDeps {
  readonly keys: Pick<ApiKeys, 'ofPrefix' | 'isValid'>
  readonly ledgers: LedgerTable
  /** Shared by all servers on the same ledgers. */
  readonly secret: Uint8Array
  /** ms since 1970. */
  readonly now: () => number
}

/** The caller of a pass for as long as the maker is the same object: its roles are then what they were. */
interface Opened {
  readonly pass: ViewerPass
  caller?: { readonly maker: IdentifiedCaller; readonly answer: IdentifiedCaller | AccessRefusal }
}

export class ViewerTokens implements CallerSource {
  readonly #deps: ViewerTokensDeps
  readonly #seal: CookieSeal
  /** By token. */
  readonly #opened = new Map<string, Opened>()

  constructor(deps: ViewerTokensDeps) {
    this.#deps = deps
    this.#seal = new CookieSeal(deps.secret, 'viewer token', deps.now)
  }

  /** Whether the maker may is for the caller to find out. */
  make(pass: ViewerPass): string {
    const lifetimeMs = pass.expiresAt - this.#deps.now() + TOLD_EXPIRED_MS
    return PREFIX + this.#seal.seal(pass, lifetimeMs)
  }

  identify({ token, admitsViewers }: Credentials): IdentifiedCaller | AccessRefusal | undefined {
    if (!isViewerToken(token)) return undefined
    const opened = this.#open(token)
    if (opened === undefined) return undefined
    const { pass } = opened
    const known = { id: callerId(subjectOf(pass)), name: pass.name }
    if (pass.expiresAt <= this.#deps.now())
      return { ...refusedFor('expired', 'the viewer token has expired'), caller: known }
    if (admitsViewers !== true)
      return {
        ...refusedFor('missing-permission', 'viewer tokens search and show records, and do nothing else'),
        caller: known,
      }
    const maker = this.#deps.keys.ofPrefix(pass.maker)
    if (maker === undefined || maker.kind === 'refused')
      return { ...refusedFor('revoked', 'the API key of the viewer token is not valid'), caller: known }
    if (opened.caller?.maker !== maker) opened.caller = { maker, answer: this.#callerOf(pass, maker) }
    return opened.caller.answer
  }

  /** Whether it was made here, or by a server with the same secret, whatever has become of it. */
  isOurs(token: string | undefined): boolean {
    return isViewerToken(token) && this.#open(token) !== undefined
  }

  prepare(): undefined {}

  isThere(id: string): boolean | undefined {
    const [, maker] = /^viewer:([^:]+):/.exec(id) ?? []
    return maker === undefined ? undefined : this.#deps.keys.isValid(maker)
  }

  /** Roles are those of their makers. */
  holdersOf(): readonly string[] {
    return []
  }

  rolesChanged(): void {
    for (const opened of this.#opened.values()) delete opened.caller
  }

  async reload(): Promise<void> {}

  #open(token: string): Opened | undefined {
    const known = this.#opened.get(token)
    if (known !== undefined) return known
    const value = this.#seal.open(token.slice(PREFIX.length))
    if (value === undefined) return undefined
    const opened = { pass: value as ViewerPass } // nobody else can seal
    this.#opened.set(token, opened)
    if (this.#opened.size > OPENED_MAX) {
      const [first] = this.#opened.keys()
      this.#opened.delete(first!)
    }
    return opened
  }

  #callerOf(pass: ViewerPass, maker: IdentifiedCaller): IdentifiedCaller | AccessRefusal {
    const { ledger, personal, prove, name, expiresAt } = pass
    const { ledgers, keys, now } = this.#deps
    const subject = subjectOf(pass)
    const id = callerId(subject)
    const filter = viewerFilter(pass.query)
    if (filter === undefined) return refusedFor('unknown-token', 'the query of the viewer token is not known')
    const decision = viewerGrant(maker, { ledger, filter, personal, prove }, withinIn(ledgers))
    if (decision.kind === 'denied')
      return {
        ...refusedFor('missing-permission', 'the API key of the viewer token may not any more'),
        caller: { id, name },
        permission: decision.permission,
      }
    const watched = {
      expiresAt: () => expiresAt,
      refusal: () =>
        expiresAt <= now() || !keys.isValid(pass.maker)
          ? refusedFor('expired', 'the viewer token has expired')
          : undefined,
    }
    const watch = (): CallerWatch => new CallerWatch(watched, now, () => {})
    return { kind: 'caller', subject, id, name, grants: [decision.grant], home: ledger, watch }
  }
}

export function isViewerToken(token: string | undefined): token is string {
  return token?.startsWith(PREFIX) ?? false
}

/** The filter of a viewer's query: it has no pipes, and names no saved searches. Undefined when it is none. */
export function viewerFilter(query: string): Filter | undefined {
  try {
    const { filter, pipes } = parseQuery(query)
    return filter === undefined || pipes.length > 0 ? undefined : expandSaved(filter)
  } catch (error) {
    if (error instanceof QueryError) return undefined
    throw error
  }
}

/** The same for the next token of the same viewer: pages go on, and reads are counted together. */
function subjectOf({ maker, ledger, query, name, personal, prove }: ViewerPass) {
  const scope = hash('sha256', JSON.stringify([ledger, query, name, personal, prove]))
  return { kind: 'viewer', id: `${maker}:${scope.slice(0, ID_CHARS)}` } as const
}

/** The id of the caller that a token of this pass is. */
export function viewerId(pass: ViewerPass): string {
  return callerId(subjectOf(pass))
}
