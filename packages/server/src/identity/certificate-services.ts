/** Services that call with a certificate and without a token: settings say which names have which roles. */
import { type AccessRefusal, refusedFor } from '../access/access-refusal.ts'
import { callerId } from '../access/caller.ts'
import { type CallerWatch, type IdentifiedCaller, Watches } from '../access/caller-watch.ts'
import type { CallerSource } from '../access/callers.ts'
import type { CertificateNames, Credentials } from '../access/credentials.ts'
import { grantsOf, homeOf, readGivenRole } from '../access/given-role.ts'
import type { KnownRoles } from '../access/roles.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { readMapping } from './role-mapping.ts'

const SETTING = 'tls_client_identities'
/** Certificates that are known; of more, those that were seen first are looked up again. */
const KNOWN_MAX = 10_000

export interface CertificateServicesDeps {
  readonly roles: KnownRoles
  /** ms since 1970. */
  readonly now: () => number
}

export class CertificateServices implements CallerSource {
  readonly #deps: CertificateServicesDeps
  /** By name, each with its kind: `DNS:`, `URI:`, `subject:`. In the order of the setting. */
  readonly #mapping: ReadonlyMap<string, readonly string[]>
  /** By fingerprint, as long as the roles are what they were. */
  readonly #callers = new Map<string, IdentifiedCaller>()
  /** By the id of the caller. */
  readonly #watches: Watches

  /** `identities`: `name=role` or `name=role@ledger` with semicolons. Throws BAD_SETTING. */
  constructor(identities: string, deps: CertificateServicesDeps) {
    this.#deps = deps
    this.#watches = new Watches(deps.now)
    const mapping = readMapping(SETTING, identities, ';')
    this.#mapping = new Map([...mapping].map(([name, roles]) => [certificateName(name), roles]))
  }

  identify({ token, certificate }: Credentials): IdentifiedCaller | AccessRefusal | undefined {
    if (certificate === undefined || (token !== undefined && token !== '')) return undefined
    if (certificate.expiresAt <= this.#deps.now()) return refusedFor('expired', 'the certificate has expired')
    let caller = this.#callers.get(certificate.fingerprint)
    if (caller === undefined) {
      caller = this.#callerOf(certificate)
      if (caller === undefined)
        return refusedFor(
          'unknown-token',
          'the certificate is of no service that tls_client_identities names',
        )
      this.#callers.set(certificate.fingerprint, caller)
      if (this.#callers.size > KNOWN_MAX) {
        const [first] = this.#callers.keys()
        this.#callers.delete(first!)
      }
    }
    return caller
  }

  prepare(): undefined {}

  isThere(id: string): boolean | undefined {
    const [, name] = /^service:tls:(.*)$/s.exec(id) ?? []
    return name === undefined ? undefined : this.#mapping.has(name)
  }

  holdersOf(role: string): readonly string[] {
    return [...this.#mapping]
      .filter(([, given]) => given.some((text) => readGivenRole(text).role === role))
      .map(([name]) => `service ${name} of ${SETTING}`)
  }

  rolesChanged(names: ReadonlySet<string>): void {
    this.#callers.clear()
    for (const [name, given] of this.#mapping)
      if (given.some((text) => names.has(readGivenRole(text).role)))
        this.#watches.end(
          callerId({ kind: 'service', id: `tls:${name}` }),
          refusedFor('role-changed', 'a role of the service has changed; ask again'),
        )
  }

  async reload(): Promise<void> {}

  /** Of several names that are known, the first of the setting is who it is; the roles of all of them count. */
  #callerOf({ alternatives, subject, expiresAt }: CertificateNames): IdentifiedCaller | undefined {
    const shown = new Set([...alternatives, `subject:${subject}`])
    const known = [...this.#mapping].filter(([name]) => shown.has(name))
    const [first] = known
    if (first === undefined) return undefined
    const [name] = first
    const given = known.flatMap(([, roles]) => roles)
    const service = { kind: 'service', id: `tls:${name}` } as const
    const id = callerId(service)
    const grants = grantsOf(given, { id: service.id, name, teams: [] }, this.#deps.roles)
    const watched = {
      expiresAt: () => expiresAt,
      refusal: () =>
        expiresAt <= this.#deps.now() ? refusedFor('expired', 'the certificate has expired') : undefined,
    }
    const watch = (): CallerWatch => this.#watches.begin(id, watched)
    return { kind: 'caller', subject: service, id, name, grants, home: homeOf(given), watch }
  }
}

/** Each name says what it is: one subject may look like another's name of a host. */
function certificateName(text: string): string {
  if (text.startsWith('spiffe://')) return `URI:${text}`
  if (text.startsWith('DNS:')) return text.toLowerCase().replace(/^dns:/, 'DNS:')
  if (/^(?:URI|subject):./.test(text)) return text
  throw new TrailproofError(
    'BAD_SETTING',
    `${SETTING}: expected DNS:<name>, URI:<uri>, spiffe://<id> or subject:<CN=…,O=…>, got ${JSON.stringify(text)}`,
  )
}
