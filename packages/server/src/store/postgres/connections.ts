/** Connections to the first of several hosts that takes writes; made again when they are lost. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { commitBy } from './commit-by.ts'
import { faultOf, isConnectionFault, isFinalFault, unavailable } from './postgres-fault.ts'
import { type ResolvedPostgresOptions, withoutPassword } from './postgres-options.ts'

/** What we use of the client. */
export interface Connection {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>
}

/** Beyond the server's own timeout, before the client gives a silent connection up. */
const SILENCE_MS = 5000
const BACKOFF_MS = 50
const BACKOFF_MAX_MS = 1000

/** 64-bit numbers come as JS numbers: indexes, sizes and µs are below 2^53. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (type, format) =>
    type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format),
}

interface SessionRow {
  standby: boolean
  read_only: string
  fsync: string
  full_page_writes: string
  encoding: string
  standbys: string
}

export class Connections implements AsyncDisposable {
  readonly #options: ResolvedPostgresOptions
  readonly #hosts: readonly pg.Pool[]
  readonly #warned = new Set<string>()
  /** The host that took writes last. */
  #current = 0
  #closed = false

  constructor(options: ResolvedPostgresOptions) {
    this.#options = options
    this.#hosts = options.hostUrls.map((url) => this.#pool(url))
  }

  /** Runs `work` on a connection of its own; rejects with STORE_UNAVAILABLE, retryable, when there is none or it is lost. */
  async use<T>(what: string, work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#acquire(what)
    client.on('error', ignore) // a connection lost in use says so by an event as well
    let fault: unknown
    try {
      return await work(client)
    } catch (error) {
      fault = error
      throw faultOf(error, what)
    } finally {
      client.removeListener('error', ignore)
      client.release(fault !== undefined && isConnectionFault(causeOf(fault)))
    }
  }

  /** One statement that changes nothing; tried once more on another connection when the first was lost. */
  async read<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const once = (): Promise<Row[]> =>
      this.use('read', async (connection) => (await connection.query<Row>(text, [...values])).rows)
    try {
      return await once()
    } catch (error) {
      if (!isConnectionFault(error) || this.#closed) throw error
      return await once()
    }
  }

  /**
   * All or nothing; what cannot be rolled back is ended with its connection. Does not retry. Rejects with
   * OUTCOME_UNKNOWN when the connection is lost at COMMIT.
   */
  async transaction<T>(what: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    return await this.use(what, async (client) => {
      try {
        await client.query('BEGIN')
        const result = await work(client)
        await commitBy(client, 'COMMIT')
        return result
      } catch (error) {
        await rollBack(client)
        throw error
      }
    })
  }

  /** One statement that is a transaction of its own. Rejects with OUTCOME_UNKNOWN when the connection is lost on it. */
  async change(
    what: string,
    text: string,
    values: readonly unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }> {
    return await this.use(what, (client) => commitBy(client, text, values))
  }

  async #acquire(what: string): Promise<pg.PoolClient> {
    const deadline = performance.now() + this.#options.reconnectMs
    for (let backoff = BACKOFF_MS; ; backoff = Math.min(2 * backoff, BACKOFF_MAX_MS)) {
      let last: unknown
      for (let i = 0; i < this.#hosts.length; i++) {
        const at = (this.#current + i) % this.#hosts.length
        try {
          const client = await this.#hosts[at]!.connect()
          this.#current = at
          return client
        } catch (error) {
          if (isFinalFault(error)) throw error
          last = error
        }
      }
      if (this.#closed || performance.now() + backoff > deadline) throw unavailable(what, last)
      await delay(backoff)
    }
  }

  #pool(url: string): pg.Pool {
    const { connectionsMax, connectTimeoutMs, statementTimeoutMs } = this.#options
    const pool = new pg.Pool({
      connectionString: url,
      application_name: 'trailproof',
      max: connectionsMax,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: statementTimeoutMs + SILENCE_MS,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      types: TYPES,
      // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, which its types do not say
      onConnect: (client) => this.#prepare(client, url),
    })
    pool.on('error', ignore) // an idle connection was lost: the pool lets go of it
    return pool
  }

  /** Refuses a host that takes no writes, and sees to it that a commit is on the disk when it is answered. */
  async #prepare(connection: Connection, url: string): Promise<void> {
    const { statementTimeoutMs, lockTimeoutMs } = this.#options
    // `remote_apply` asks for more than `on` and stays; every other value asks for less.
    const { rows } = await connection.query(
      `SELECT pg_is_in_recovery() AS standby,
        current_setting('transaction_read_only') AS read_only,
        current_setting('fsync') AS fsync,
        current_setting('full_page_writes') AS full_page_writes,
        getdatabaseencoding() AS encoding,
        current_setting('synchronous_standby_names') AS standbys,
        set_config('synchronous_commit',
          CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
        set_config('statement_timeout', $1, false),
        set_config('lock_timeout', $2, false),
        set_config('idle_in_transaction_session_timeout', $1, false),
        -- What our statements and the client's parsers are written for.
        set_config('standard_conforming_strings', 'on', false),
        set_config('DateStyle', 'ISO', false),
        -- Plans for the values at hand touch one partition; a general one would lock all of them.
        set_config('plan_cache_mode', 'force_custom_plan', false)`,
      [String(statementTimeoutMs), String(lockTimeoutMs)],
    )
    const session = rows[0] as unknown as SessionRow
    const place = withoutPassword(url)
    if (session.standby || session.read_only === 'on') throw unavailable(place, new Error('takes no writes'))
    for (const name of ['fsync', 'full_page_writes'] as const)
      if (session[name] === 'off')
        this.#warn(`${place}: ${name}=off, so a power cut can lose or damage what was acknowledged`)
    if (session.standbys === '' && this.#hosts.length > 1)
      this.#warn(
        `${place}: several hosts, but no synchronous standby: a failover can lose what was acknowledged`,
      )
    if (session.encoding !== 'UTF8')
      this.#warn(
        `${place}: the database is in ${session.encoding}, which cannot hold every text: make it in UTF8`,
      )
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#options.onWarning(message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all(this.#hosts.map((pool) => pool.end()))
  }
}

/** Leaves the connection without a transaction; a connection that cannot even do that is lost and let go of. */
export async function rollBack(client: pg.PoolClient): Promise<void> {
  await client.query('ROLLBACK').catch(() => undefined)
}

function ignore(): void {}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error
}
