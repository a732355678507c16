/**
 * Tokens of another issuer (JWT): services and people whom an identity provider knows call with what it gave them. A token is
 * checked when it is seen for the first time, and known by its hash until it ends.
 */
import { readJson } from '@trailproof/core'
import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { type AccessRefusal, refusedFor } from '../access/access-refusal.ts'
import { callerId } from '../access/caller.ts'
import { type CallerWatch, type IdentifiedCaller, Watches } from '../access/caller-watch.ts'
import type { CallerSource } from '../access/callers.ts'
import type { Credentials } from '../access/credentials.ts'
import { grantsOf, homeOf, readGivenRole } from '../access/given-role.ts'
import type { KnownRoles } from '../access/roles.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { groupsOf, type RoleMapping, rolesOfGroups } from './role-mapping.ts'
import { hashOf } from './secret-token.ts'

/** What issuers may sign with; none of it can be checked with a key that is public and made with it, too. */
export const JWT_ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number]

export const CLOCK_SKEW_SECONDS = 60
/** Tokens for longer are refused: nobody can take them back. */
export const TOKEN_HOURS_MAX = 24
const TOKEN_CHARS_MAX = 8192
const SUBJECT_CHARS_MAX = 255
const NAME_CHARS_MAX = 200
/** Tokens that are known; of more, those that were seen first are checked again. */
const KNOWN_MAX = 10_000
/** Refused ones that are remembered for a moment: whoever waited for the check asks for its outcome. */
const REFUSED_MAX = 1000

const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/
const TYPES = /^(?:application\/)?(?:jwt|at\+jwt)$/i

export interface BearerOptions {
  readonly issuer: string
  readonly audience: string
  readonly algorithms: readonly JwtAlgorithm[]
  readonly groupsClaim: string
  readonly mapping: RoleMapping
  readonly keyOf: JWTVerifyGetKey
  readonly roles: KnownRoles
  /** ms since 1970. */
  readonly now: () => number
}

interface Known {
  readonly id: string
  readonly name: string
  readonly given: readonly string[]
  /** ms since 1970. */
  readonly expiresAt: number
  caller: IdentifiedCaller | undefined
}

export class BearerTokens implements CallerSource {
  readonly #options: BearerOptions
  /** By the hash of the token. */
  readonly #known = new Map<string, Known>()
  readonly #refused = new Map<string, AccessRefusal>()
  /** By the hash of the token. */
  readonly #watches: Watches

  constructor(options: BearerOptions) {
    this.#options = options
    this.#watches = new Watches(options.now)
  }

  identify({ token }: Credentials): IdentifiedCaller | AccessRefusal | undefined {
    if (!isOfForm(token)) return undefined
    const hash = hashOf(token)
    const known = this.#known.get(hash)
    if (known === undefined) return this.#refused.get(hash)
    if (known.expiresAt <= this.#options.now()) return refusedFor('expired', 'the token has expired')
    known.caller ??= this.#callerOf(hash, known)
    return known.caller
  }

  prepare({ token }: Credentials): Promise<void> | undefined {
    return isOfForm(token) && !this.#known.has(hashOf(token)) ? this.#check(token) : undefined
  }

  /** Nobody here knows who is there. */
  isThere(id: string): boolean | undefined {
    return id.startsWith('service:jwt:') ? true : undefined
  }

  holdersOf(): readonly string[] {
    return []
  }

  rolesChanged(names: ReadonlySet<string>): void {
    for (const [hash, known] of this.#known)
      if (known.given.some((text) => names.has(readGivenRole(text).role))) {
        known.caller = undefined
        this.#watches.end(hash, refusedFor('role-changed', 'a role of the token has changed; ask again'))
      }
  }

  async reload(): Promise<void> {}

  /** The issuer has other keys: all tokens are checked anew, and streams may be asked for again. */
  keysChanged(): void {
    for (const hash of this.#known.keys())
      this.#watches.end(hash, refusedFor('revoked', 'the keys of the issuer have changed; ask again'))
    this.#known.clear()
    this.#refused.clear()
  }

  async #check(token: string): Promise<void> {
    const hash = hashOf(token)
    try {
      remember(this.#known, hash, await this.#verified(token), KNOWN_MAX)
      this.#refused.delete(hash)
    } catch (error) {
      remember(this.#refused, hash, refusedFor('unknown-token', whyNot(error)), REFUSED_MAX)
    }
  }

  async #verified(token: string): Promise<Known> {
    const { issuer, audience, algorithms, groupsClaim, mapping, keyOf, now } = this.#options
    if (token.length > TOKEN_CHARS_MAX) throw refusal(`longer than ${TOKEN_CHARS_MAX} characters`)
    for (const part of token.split('.', 2)) assertOneMeaning(part)
    const { crit, typ } = decodeProtectedHeader(token)
    if (crit !== undefined) throw refusal('crit: no extension is known here')
    if (typ !== undefined && !TYPES.test(typ)) throw refusal('typ: expected JWT or at+jwt')
    const { payload } = await jwtVerify(token, keyOf, {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    })
    const { sub, exp } = payload
    if (typeof sub !== 'string' || !isPlain(sub, SUBJECT_CHARS_MAX)) throw refusal('sub: not a name')
    const expiresAt = exp! * 1000 // required above
    if (expiresAt > now() + TOKEN_HOURS_MAX * 3_600_000 + CLOCK_SKEW_SECONDS * 1000)
      throw refusal(`exp: more than ${TOKEN_HOURS_MAX} hours away`)
    return {
      id: `jwt:${sub}`,
      name: nameOf(payload, sub),
      given: rolesOfGroups(groupsOf(payload, groupsClaim), mapping),
      expiresAt: expiresAt + CLOCK_SKEW_SECONDS * 1000,
      caller: undefined,
    }
  }

  #callerOf(hash: string, { id, name, given, expiresAt }: Known): IdentifiedCaller {
    const subject = { kind: 'service', id } as const
    const grants = grantsOf(given, { id, name, teams: [] }, this.#options.roles)
    const watched = {
      expiresAt: () => expiresAt,
      refusal: () =>
        expiresAt <= this.#options.now() ? refusedFor('expired', 'the token has expired') : undefined,
    }
    const watch = (): CallerWatch => this.#watches.begin(hash, watched)
    return { kind: 'caller', subject, id: callerId(subject), name, grants, home: homeOf(given), watch }
  }
}

function isOfForm(token: string | undefined): token is string {
  return token !== undefined && token.startsWith('ey') && FORM.test(token)
}

/** What two readers of JSON could read as two things was made for that. */
function assertOneMeaning(part: string): void {
  const text = Buffer.from(part, 'base64url').toString('utf8')
  if (readJson(text, 0, text.length, 32).kind !== 'value') throw refusal('not JSON with each name once')
}

function refusal(detail: string): TrailproofError {
  return new TrailproofError('BAD_REQUEST', detail)
}

/** Claims that are wrong are named, and nothing else of the token is said. */
function whyNot(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return `the token is not valid: ${error.claim}`
  if (error instanceof TrailproofError) return `the token is not valid: ${error.message}`
  return 'the token is not valid: its signature, its algorithm or its key'
}

function nameOf(claims: JWTPayload, subject: string): string {
  const names = [claims['name'], claims['preferred_username'], claims['client_id'], claims['azp']]
  return (
    (names.find((name) => typeof name === 'string' && isPlain(name, NAME_CHARS_MAX)) as string) ?? subject
  )
}

function isPlain(text: string, charsMax: number): boolean {
  return text !== '' && text.length <= charsMax && !/[\p{Cc}\p{Cs}]/u.test(text)
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > max) {
    const [first] = map.keys()
    map.delete(first!)
  }
}
