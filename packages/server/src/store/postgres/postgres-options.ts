/** How a PostgreSQL database is reached: what a user may say, and what we make of it. */
import { TrailproofError } from '../../trailproof-error.ts'

export interface PostgresOptions {
  /**
   * `postgres://user:password@host:5432/database?sslmode=verify-full`. Several hosts may be given, `@a:5432,b:5432/`:
   * the first one that takes writes is used, and looked for again when it is lost. The password may be left to
   * `~/.pgpass` or PGPASSWORD.
   */
  readonly url: string
  /** Schemas are named `<schemaPrefix>ledger` and so on. Default `trailproof_`. */
  readonly schemaPrefix?: string
  /** Connections open at once, for each driver that is opened and each host; more calls wait. Default 4. */
  readonly connectionsMax?: number
  /** For a connection to be made, or a free one to be had. Default 5000. */
  readonly connectTimeoutMs?: number
  /** How long a host that takes writes is looked for before a call fails as STORE_UNAVAILABLE. Default 10,000. */
  readonly reconnectMs?: number
  /** The server ends a statement that takes longer. Default 30,000. */
  readonly statementTimeoutMs?: number
  /** The server ends a statement that waits longer for a lock. Default 10,000. */
  readonly lockTimeoutMs?: number
  /** What to tell people about the server's settings, such as fsync=off. Default: nobody is told. */
  readonly onWarning?: (message: string) => void
}

/** Every option with its value, and one URL a host. */
export interface ResolvedPostgresOptions extends Required<PostgresOptions> {
  readonly hostUrls: readonly string[]
}

export function resolveOptions(given: PostgresOptions | string): ResolvedPostgresOptions {
  const options = typeof given === 'string' ? { url: given } : given
  const schemaPrefix = options.schemaPrefix ?? 'trailproof_'
  if (!/^(?:[a-z_][a-z0-9_]{0,19})?$/.test(schemaPrefix))
    throw new TrailproofError(
      'BAD_SETTING',
      `a schema prefix is up to 20 of a-z, 0-9 and _, not ${schemaPrefix}`,
    )
  return {
    url: options.url,
    schemaPrefix,
    connectionsMax: options.connectionsMax ?? 4,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    reconnectMs: options.reconnectMs ?? 10_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 30_000,
    lockTimeoutMs: options.lockTimeoutMs ?? 10_000,
    onWarning: options.onWarning ?? (() => undefined),
    hostUrls: hostUrls(options.url),
  }
}

/** `postgres://u:p@a:1,b:2/d?x` as `postgres://u:p@a:1/d?x` and `postgres://u:p@b:2/d?x`. */
export function hostUrls(url: string): string[] {
  const [, scheme, user = '', hosts, rest = ''] =
    /^(postgres(?:ql)?:\/\/)([^/?#]*@)?([^/?#@]*)([/?#].*)?$/s.exec(url) ?? []
  if (scheme === undefined || hosts === undefined)
    throw new TrailproofError(
      'BAD_SETTING',
      'a PostgreSQL URL is postgres://user:password@host:port/database',
    )
  // Of libpq's settings we always mean this one, and the client would not know it.
  const query = rest.replace(/([?&])target_session_attrs=[^&#]*&?/, '$1').replace(/[?&]$/, '')
  return hosts.split(',').map((host) => scheme + user + host + query)
}

/** A URL as it may be shown to people. */
export function withoutPassword(url: string): string {
  return url.replace(/^([^/]*\/\/[^/?#@:]*):[^/?#]*@/, '$1@').replace(/([?&]password=)[^&#]*/, '$1…')
}
