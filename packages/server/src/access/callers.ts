/** Who is calling, whatever they show of themselves: an API key, a session, a token of another issuer, a certificate. */
import { type AccessRefusal, refusedFor } from './access-refusal.ts'
import type { ApiKeys } from './api-keys.ts'
import type { IdentifiedCaller } from './caller-watch.ts'
import type { Credentials } from './credentials.ts'
import { heldNowhere, holds } from './decide.ts'
import type { Permission } from './permissions.ts'

/** One kind of callers beside API keys. All of it is in memory, but what `prepare` waits for. */
export interface CallerSource {
  /** The caller of these credentials; undefined when they are of no caller of this kind. */
  identify(credentials: Credentials): IdentifiedCaller | AccessRefusal | undefined
  /** What is to be waited for before `identify` can tell; undefined: nothing. It never rejects. */
  prepare(credentials: Credentials): Promise<void> | undefined
  /** Whether there is still a caller of that id; undefined: none of this kind has such an id. */
  isThere(callerId: string): boolean | undefined
  /** Who has that role, as people are told: `user 0198…`. */
  holdersOf(role: string): readonly string[]
  /** Roles are others than they were: what callers may is decided anew, and their streams end. */
  rolesChanged(names: ReadonlySet<string>): void
  /** Takes over what other servers on the same directory have changed. */
  reload(): Promise<void>
}

/** The roles of the directory, which other servers may change. */
export interface ChangingRoles {
  /** Takes over what others have changed; the names of roles that are others now. */
  reload(): Promise<ReadonlySet<string>>
}

type Keys = Pick<ApiKeys, 'identify' | 'isValid' | 'holdersOf' | 'rolesChanged' | 'reload'>

export class Callers {
  readonly #keys: Keys
  readonly #roles: ChangingRoles
  readonly #sources: readonly CallerSource[]

  constructor(keys: Keys, roles: ChangingRoles, sources: readonly CallerSource[] = []) {
    this.#keys = keys
    this.#roles = roles
    this.#sources = sources
  }

  /** The caller; one that holds the permission on some ledger, if one is named. Nothing is waited for. */
  identify(credentials: Credentials, permission?: Permission): IdentifiedCaller | AccessRefusal {
    const caller = this.#find(credentials)
    if (caller === undefined)
      return hasToken(credentials)
        ? refusedFor('unknown-token', 'no such API key, and no such session or token')
        : refusedFor('no-token', 'send an API key or a token as: Authorization: Bearer …')
    if (caller.kind === 'refused' || permission === undefined || holds(caller, permission)) return caller
    const { detail } = heldNowhere(caller, permission)
    return { ...refusedFor('missing-permission', detail), caller, permission }
  }

  #find(credentials: Credentials): IdentifiedCaller | AccessRefusal | undefined {
    const { token } = credentials
    if (token !== undefined && token !== '') {
      const caller = this.#keys.identify(token)
      if (caller !== undefined) return caller
    }
    for (const source of this.#sources) {
      const caller = source.identify(credentials)
      if (caller !== undefined) return caller
    }
    return undefined
  }

  /** To be awaited before `identify`, where it gives anything: a token that is seen for the first time is checked. */
  prepare(credentials: Credentials): Promise<void> | undefined {
    for (const source of this.#sources) {
      const prepared = source.prepare(credentials)
      if (prepared !== undefined) return prepared
    }
    return undefined
  }

  /** The id of the caller, when the credentials are valid. */
  idOf(credentials: Credentials): string | undefined {
    const caller = this.#find(credentials)
    return caller?.kind === 'caller' ? caller.id : undefined
  }

  /** Whether whoever had that id still may call. */
  isValid(callerId: string): boolean {
    for (const source of this.#sources) {
      const isThere = source.isThere(callerId)
      if (isThere !== undefined) return isThere
    }
    return this.#keys.isValid(callerId)
  }

  /** Whoever has that role and may call. */
  holdersOf(role: string): readonly string[] {
    const keys = this.#keys.holdersOf(role).map((prefix) => `API key ${prefix}`)
    return [...keys, ...this.#sources.flatMap((source) => source.holdersOf(role))]
  }

  rolesChanged(names: ReadonlySet<string>): void {
    this.#keys.rolesChanged(names)
    for (const source of this.#sources) source.rolesChanged(names)
  }

  /** Takes over what other servers on the same directory have changed. */
  async reload(): Promise<void> {
    const changed = await this.#roles.reload()
    if (changed.size > 0) this.rolesChanged(changed)
    await this.#keys.reload()
    for (const source of this.#sources) await source.reload()
  }
}

function hasToken({ token }: Credentials): boolean {
  return token !== undefined && token !== ''
}
