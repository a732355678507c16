/** API keys: who is calling, and what the key may do. Held in memory; changes take effect at once. */
import { hash, randomBytes } from 'node:crypto'
import type { Directory, Scope, StoredKey } from '../directory/directory.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { AccessRefusal } from './access-refusal.ts'
import { KeyWatch } from './key-watch.ts'

/** `tp_<prefix>_<secret>`: 8 characters to tell keys apart, 32 random bytes to keep them. */
const PREFIX_BYTES = 4
const SECRET_BYTES = 32
/** The key that a setting presets; it is not stored. */
const PRESET_PREFIX = 'preset'

export interface NewKey {
  readonly name: string
  readonly ledger?: string | undefined
  readonly scopes: readonly Scope[]
  /** ms since 1970. */
  readonly expiresAt?: number | undefined
}

/** The caller behind a valid token. */
export interface Caller {
  readonly kind: 'caller'
  readonly keyPrefix: string
  readonly name: string
  /** The one ledger the key opens; undefined: all of them. */
  readonly ledger: string | undefined
  readonly scopes: readonly Scope[]
}

type KeyStore = Pick<Directory, 'keys' | 'addKey' | 'revokeKey'>

export class ApiKeys {
  readonly #store: KeyStore
  readonly #now: () => number
  readonly #byHash = new Map<string, StoredKey>()
  /** By the prefix of the key that is watched. */
  readonly #watches = new Map<string, Set<KeyWatch>>()

  private constructor(store: KeyStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** `presetAdminToken`: a token from the settings that is an admin key for as long as the server runs. */
  static async load(store: KeyStore, now: () => number, presetAdminToken: string): Promise<ApiKeys> {
    const keys = new ApiKeys(store, now)
    for (const key of await store.keys()) keys.#byHash.set(key.hash, key)
    if (presetAdminToken !== '')
      keys.#byHash.set(hashOf(presetAdminToken), {
        prefix: PRESET_PREFIX,
        hash: hashOf(presetAdminToken),
        name: 'admin token from the settings',
        ledger: undefined,
        scopes: ['ingest', 'read', 'admin'],
        createdAt: now(),
        expiresAt: undefined,
        revokedAt: undefined,
      })
    return keys
  }

  get isEmpty(): boolean {
    return this.#byHash.size === 0
  }

  list(): readonly StoredKey[] {
    return [...this.#byHash.values()]
  }

  /** The caller of a token that carries `scope`; an admin key carries all. */
  identify(token: string | undefined, scope: Scope): Caller | AccessRefusal {
    if (token === undefined || token === '')
      return refused('no-token', 'send the API key as: Authorization: Bearer tp_…')
    const key = this.#byHash.get(hashOf(token))
    if (!key) return refused('unknown-token', 'no such API key')
    const refusal = this.#refusalOf(key)
    if (refusal) return refusal
    if (!key.scopes.includes(scope) && !key.scopes.includes('admin'))
      return refused('missing-scope', `API key ${key.prefix} has no scope ${scope}`)
    return { kind: 'caller', keyPrefix: key.prefix, name: key.name, ledger: key.ledger, scopes: key.scopes }
  }

  /** Whether there is a key of that prefix, neither revoked nor expired. */
  isValid(keyPrefix: string): boolean {
    const key = this.list().find(({ prefix }) => prefix === keyPrefix)
    return key !== undefined && this.#refusalOf(key) === undefined
  }

  /** Watches the key of a caller: what goes on after its request was allowed must end with the key. */
  watch({ keyPrefix }: Pick<Caller, 'keyPrefix'>): KeyWatch {
    const find = (): StoredKey => this.list().find(({ prefix }) => prefix === keyPrefix)!
    const key = { expiresAt: find().expiresAt, refusal: () => this.#refusalOf(find()) }
    const watches = this.#watches.get(keyPrefix) ?? new Set()
    const watch = new KeyWatch(key, this.#now, (ended) => {
      watches.delete(ended)
      if (watches.size === 0) this.#watches.delete(keyPrefix)
    })
    this.#watches.set(keyPrefix, watches.add(watch))
    return watch
  }

  #refusalOf({ prefix, revokedAt, expiresAt }: StoredKey): AccessRefusal | undefined {
    if (revokedAt !== undefined) return refused('revoked', `API key ${prefix} was revoked`)
    if (expiresAt !== undefined && expiresAt <= this.#now())
      return refused('expired', `API key ${prefix} has expired`)
    return undefined
  }

  /** Makes a key; the token is returned this once and nowhere kept. */
  async create({ name, ledger, scopes, expiresAt }: NewKey): Promise<{ key: StoredKey; token: string }> {
    const prefix = randomBytes(PREFIX_BYTES).toString('hex')
    const token = `tp_${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`
    const key: StoredKey = {
      prefix,
      hash: hashOf(token),
      name,
      ledger,
      scopes,
      createdAt: this.#now(),
      expiresAt,
      revokedAt: undefined,
    }
    await this.#store.addKey(key)
    this.#byHash.set(key.hash, key)
    return { key, token }
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
    for (const watch of this.#watches.get(prefix) ?? []) watch.check()
    return this.#store.revokeKey(prefix, revokedAt)
  }
}

function hashOf(token: string): string {
  return hash('sha256', token)
}

function refused(reason: AccessRefusal['reason'], detail: string): AccessRefusal {
  return { kind: 'refused', reason, detail }
}
