/** API keys: who is calling, and what the key may do. Held in memory; changes take effect at once. */
import { hash, randomBytes } from 'node:crypto'
import type { Directory, Scope, StoredKey } from '../directory/directory.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { type AccessRefusal, refusedFor } from './access-refusal.ts'
import { callerId } from './caller.ts'
import { type CallerWatch, type IdentifiedCaller, Watches } from './caller-watch.ts'
import { BUILT_IN_ROLES, type Grant, grantOf, type KnownRoles, SCOPE_ROLES } from './roles.ts'

/** `tp_<prefix>_<secret>`: 8 characters to tell keys apart, 32 random bytes to keep them. */
const PREFIX_BYTES = 4
const SECRET_BYTES = 32
/** The key that a setting presets; it is not stored. */
const PRESET_PREFIX = 'preset'
const DAY_MS = 24 * 3_600_000

export interface NewKey {
  readonly name: string
  readonly ledger?: string | undefined
  /** Default: none. */
  readonly scopes?: readonly Scope[]
  /** Names of roles. Default: none. */
  readonly roles?: readonly string[]
  /** What conditions of roles call `caller.teams`. Default: none. */
  readonly teams?: readonly string[]
  /** ms since 1970. */
  readonly expiresAt?: number | undefined
  /** The id of the caller who makes it; undefined: the server itself, at its first start. */
  readonly createdBy: string | undefined
  /** The id of the caller who is given a new token for an old one. Default: it takes the place of none. */
  readonly rotatedBy?: string
}

const BUILT_IN: KnownRoles = { get: (name) => BUILT_IN_ROLES.find((role) => role.name === name) }

type KeyStore = Pick<Directory, 'keys' | 'addKey' | 'revokeKey' | 'endKey' | 'markKeysUsed'>

export class ApiKeys {
  readonly #store: KeyStore
  readonly #now: () => number
  readonly #roles: KnownRoles
  readonly #byHash = new Map<string, StoredKey>()
  /** By hash, as long as the roles are what they were: conditions are compiled once a key, not once a request. */
  readonly #callers = new Map<string, IdentifiedCaller>()
  /** By prefix. */
  readonly #watches: Watches
  /** Prefixes of keys whose first use of the day is not written yet. */
  readonly #used = new Set<string>()

  private constructor(store: KeyStore, now: () => number, roles: KnownRoles) {
    this.#store = store
    this.#now = now
    this.#roles = roles
    this.#watches = new Watches(now)
  }

  /** `presetAdminToken`: a token from the settings that is an admin key for as long as the server runs. */
  static async load(
    store: KeyStore,
    now: () => number,
    presetAdminToken: string,
    roles: KnownRoles = BUILT_IN,
  ): Promise<ApiKeys> {
    const keys = new ApiKeys(store, now, roles)
    for (const key of await store.keys()) keys.#byHash.set(key.hash, key)
    if (presetAdminToken !== '')
      keys.#byHash.set(hashOf(presetAdminToken), {
        prefix: PRESET_PREFIX,
        hash: hashOf(presetAdminToken),
        name: 'admin token from the settings',
        ledger: undefined,
        scopes: ['ingest', 'read', 'admin'],
        roles: [],
        teams: [],
        createdAt: now(),
        createdBy: undefined,
        rotatedBy: undefined,
        expiresAt: undefined,
        revokedAt: undefined,
      })
    return keys
  }

  /** Takes over what other servers on the same directory have changed. */
  async reload(): Promise<void> {
    for (const key of await this.#store.keys()) {
      const known = this.#byHash.get(key.hash)
      // A revocation counts here before it is stored, and so does an earlier end.
      const isNews = known === undefined || key.revokedAt !== undefined || key.expiresAt !== known.expiresAt
      if (!isNews || (key.expiresAt ?? Infinity) > (known?.expiresAt ?? Infinity)) continue
      this.#byHash.set(key.hash, key)
      this.#watches.check(key.prefix)
    }
  }

  get isEmpty(): boolean {
    return this.#byHash.size === 0
  }

  list(): readonly StoredKey[] {
    return [...this.#byHash.values()]
  }

  /** The caller of a token; undefined when it is the token of no key. */
  identify(token: string): IdentifiedCaller | AccessRefusal | undefined {
    const key = this.#byHash.get(hashOf(token))
    if (key === undefined) return undefined
    const refusal = this.#refusalOf(key)
    if (refusal) return refusal
    this.#noteUse(key)
    return this.#callerOf(key)
  }

  /** The caller of a key, for what it handed on; undefined when there is no key of that prefix. */
  ofPrefix(prefix: string): IdentifiedCaller | AccessRefusal | undefined {
    for (const key of this.#byHash.values())
      if (key.prefix === prefix) return this.#refusalOf(key) ?? this.#callerOf(key)
    return undefined
  }

  /** To the day: the first use of each is kept in memory, and written by `writeUses`. */
  #noteUse({ hash: of, prefix, lastUsedAt = 0 }: StoredKey): void {
    const now = this.#now()
    if (now - lastUsedAt < DAY_MS) return
    const today = now - (now % DAY_MS)
    this.#byHash.set(of, { ...this.#byHash.get(of)!, lastUsedAt: today })
    if (prefix !== PRESET_PREFIX) this.#used.add(prefix)
  }

  /** To be called now and then, and at the end; what cannot be written now is written the next time. */
  async writeUses(): Promise<void> {
    if (this.#used.size === 0) return
    const prefixes = [...this.#used]
    this.#used.clear()
    const now = this.#now()
    try {
      await this.#store.markKeysUsed(prefixes, now - (now % DAY_MS))
    } catch {
      for (const prefix of prefixes) this.#used.add(prefix)
    }
  }

  #callerOf(key: StoredKey): IdentifiedCaller {
    let caller = this.#callers.get(key.hash)
    if (caller === undefined) {
      caller = this.#newCallerOf(key)
      this.#callers.set(key.hash, caller)
    }
    return caller
  }

  #newCallerOf({ prefix, name, ledger, scopes, roles, teams }: StoredKey): IdentifiedCaller {
    const subject = { kind: 'key', id: prefix } as const
    const facts = { id: prefix, name, teams }
    const grants: Grant[] = scopes.map((scope) => grantOf(SCOPE_ROLES[scope], ledger, facts))
    for (const role of roles) {
      const there = this.#roles.get(role)
      if (there) grants.push(grantOf(there, ledger, facts))
    }
    const watch = (): CallerWatch => this.#watch(prefix)
    return {
      kind: 'caller',
      subject,
      id: callerId(subject),
      name,
      grants,
      home: ledger,
      watch,
    }
  }

  /** Roles are others than they were: what is allowed, and what streams of keys with them show, is decided anew. */
  rolesChanged(names: ReadonlySet<string>): void {
    this.#callers.clear()
    for (const { prefix, roles } of this.#byHash.values())
      if (roles.some((name) => names.has(name)))
        this.#watches.end(
          prefix,
          refusedFor('role-changed', `a role of API key ${prefix} has changed; ask again`),
        )
  }

  /** Prefixes of the keys that have a role and are valid. */
  holdersOf(role: string): readonly string[] {
    return this.list()
      .filter((key) => key.roles.includes(role) && this.#refusalOf(key) === undefined)
      .map(({ prefix }) => prefix)
  }

  /** Whether there is a key of that prefix, neither revoked nor expired. */
  isValid(keyPrefix: string): boolean {
    const key = this.list().find(({ prefix }) => prefix === keyPrefix)
    return key !== undefined && this.#refusalOf(key) === undefined
  }

  #watch(prefix: string): CallerWatch {
    const find = (): StoredKey => this.list().find((key) => key.prefix === prefix)!
    return this.#watches.begin(prefix, {
      expiresAt: () => find().expiresAt,
      refusal: () => this.#refusalOf(find()),
    })
  }

  #refusalOf({ prefix, name, revokedAt, expiresAt }: StoredKey): AccessRefusal | undefined {
    const caller = { id: prefix, name }
    if (revokedAt !== undefined) return { ...refusedFor('revoked', `API key ${prefix} was revoked`), caller }
    if (expiresAt !== undefined && expiresAt <= this.#now())
      return { ...refusedFor('expired', `API key ${prefix} has expired`), caller }
    return undefined
  }

  /** Makes a key; the token is returned this once and nowhere kept. */
  async create(asked: NewKey): Promise<{ key: StoredKey; token: string }> {
    const { name, ledger, scopes = [], roles = [], teams = [], expiresAt, createdBy, rotatedBy } = asked
    const prefix = randomBytes(PREFIX_BYTES).toString('hex')
    const token = `tp_${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`
    const key: StoredKey = {
      prefix,
      hash: hashOf(token),
      name,
      ledger,
      scopes,
      roles,
      teams,
      createdAt: this.#now(),
      createdBy,
      rotatedBy,
      expiresAt,
      revokedAt: undefined,
    }
    await this.#store.addKey(key)
    this.#byHash.set(key.hash, key)
    return { key, token }
  }

  /**
   * Makes a key that may what this one may; this one ends `overlapMs` from now, unless it ends earlier anyhow. `rotatedBy` is the
   * id of the caller who is given the token. Undefined when there is no valid key of that prefix.
   */
  async rotate(
    prefix: string,
    overlapMs: number,
    rotatedBy: string,
  ): Promise<{ key: StoredKey; token: string } | undefined> {
    if (prefix === PRESET_PREFIX)
      throw new TrailproofError('BAD_REQUEST', 'the preset admin token is another when the setting is')
    const old = this.list().find((known) => known.prefix === prefix)
    if (!old || this.#refusalOf(old) !== undefined) return undefined
    const { name, ledger, scopes, roles, teams } = old
    // Whoever has the old one has the new one: where its maker is not known, it is as if it had made it.
    const createdBy = old.createdBy ?? prefix
    const made = await this.create({ name, ledger, scopes, roles, teams, createdBy, rotatedBy })
    await this.endBy(prefix, this.#now() + overlapMs)
    return made
  }

  /** The key ends then, at the latest. */
  async endBy(prefix: string, at: number): Promise<void> {
    const key = this.list().find((known) => known.prefix === prefix)
    if (!key) return
    this.#byHash.set(key.hash, { ...key, expiresAt: Math.min(key.expiresAt ?? Infinity, at) })
    this.#watches.check(prefix)
    await this.#store.endKey(prefix, at)
  }

  /** Revokes a key: refused and its streams ended from now on, here before it is on the disk. False when there is none. */
  async revoke(prefix: string): Promise<boolean> {
    if (prefix === PRESET_PREFIX)
      throw new TrailproofError(
        'BAD_REQUEST',
        'the preset admin token is revoked by removing the setting admin_token',
      )
    const key = this.list().find((known) => known.prefix === prefix && known.revokedAt === undefined)
    if (!key) return false
    const revokedAt = this.#now()
    this.#byHash.set(key.hash, { ...key, revokedAt })
    this.#watches.check(prefix)
    return this.#store.revokeKey(prefix, revokedAt)
  }
}

function hashOf(token: string): string {
  return hash('sha256', token)
}
