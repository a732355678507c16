/** Statements of pg, on clients and pools, in each form that a query can be given. */
import { currentTrail } from '../recorder/current-trail.ts'
import { report } from '../recorder/diagnostics.ts'
import type { Integration, IntegrationInit, IntegrationResult } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'
import { beginCall, beginConnecting, endCall, endWhenSettled, inScope, isThenable } from './call.ts'
import { isFirstCollected, type Method, watch } from './collected.ts'
import { contained } from './contained.ts'
import { SqlStatement } from './sql/sql-statement.ts'
import { transactionOf } from './sql/transactions.ts'

/** A client, or a pool of them. */
interface PgClient {
  query(...args: never): unknown
  connect(...args: never): unknown
}

/**
 * Each query is an integration, whoever of the pool's clients runs it; statements of a transaction share its number. Takes a Pool or a
 * Client; gives the same back.
 *
 *     const pool = collectPg(new Pool())
 */
export function collectPg<Client extends PgClient>(poolOrClient: Client): Client {
  if (!isFirstCollected(poolOrClient)) return poolOrClient
  if ('totalCount' in poolOrClient) watch(poolOrClient, 'connect', watchedConnect)
  else watch(poolOrClient, 'query', watchedQuery)
  return poolOrClient
}

/** @internal A pool's: `pool.query` asks it for a client, too. Whoever waited goes on in its own trail. */
export function watchedConnect(connect: Method): Method {
  return function (...args) {
    const failed = beginConnecting({ type: 'database', name: 'pg connect' })
    const end = (error: unknown, client?: unknown): void => {
      if (error !== undefined && error !== null) failed(error)
      else contained('pg collector', () => void collectPg(client as PgClient))
    }
    const [callback] = args
    if (typeof callback === 'function') return connect.call(this, inScope(callback as Method, end))
    const connected = connect.apply(this, args)
    return isThenable(connected) ? endWhenSettled(connected, end) : connected
  }
}

/** @internal A client's. */
export function watchedQuery(query: Method): Method {
  return function (...args) {
    let call: Integration | undefined
    const end = (error: unknown, result?: unknown): void => {
      const ended = call
      call = undefined
      endCall(ended, () => (error === undefined || error === null ? rowsOf(result) : { error }))
    }
    let given = args
    try {
      const asked = readQuery(args)
      const transaction = transactionOf(this as object, asked.text)
      call = beginCall((trail) => describe(asked, transaction, trail), currentTrail())
      given = withCallback(args, end)
      if (asked.submittable !== undefined && call !== undefined) watchSubmittable(asked.submittable, end)
    } catch (error) {
      report({ kind: 'fault', where: 'pg collector', error })
    }
    let returned: unknown
    try {
      returned = query.apply(this, given)
    } catch (error) {
      end(error)
      throw error
    }
    return call !== undefined && isThenable(returned) ? endWhenSettled(returned, end) : returned
  }
}

interface Asked {
  readonly text: string
  readonly values: unknown
  /** Of a prepared statement. */
  readonly name: unknown
  /** An object that the client drives itself: Query, Cursor, QueryStream. */
  readonly submittable: object | undefined
}

/** What is read of a config, a Query or a Cursor; a QueryStream keeps its cursor inside. */
interface Config {
  readonly text?: unknown
  readonly values?: unknown
  readonly name?: unknown
  readonly submit?: unknown
  readonly cursor?: Config
}

function readQuery([first, second]: readonly unknown[]): Asked {
  const apart = Array.isArray(second) ? second : undefined
  if (typeof first === 'string')
    return { text: first, values: apart, name: undefined, submittable: undefined }
  const config = (first ?? {}) as Config
  const { text, values, name } = config.cursor ?? config
  return {
    text: typeof text === 'string' ? text : '',
    values: values ?? apart,
    name,
    submittable: typeof config.submit === 'function' ? config : undefined,
  }
}

function describe(
  { text, values, name }: Asked,
  transaction: number | undefined,
  { owner }: Trail,
): IntegrationInit {
  const statement = SqlStatement.of(text, 'postgresql', owner.options)
  return {
    type: 'database',
    name: `pg ${statement.name}`,
    request: {
      query: statement.query,
      args: Array.isArray(values) ? statement.argsOf(values) : values,
      ...(typeof name === 'string' && { prepared: name }),
    },
    ...(transaction !== undefined && { metadata: { transaction } }),
  }
}

/** The callback, wherever it stands, runs as part of the trail; without one the arguments stay as they are. */
function withCallback(args: readonly unknown[], end: (error: unknown, result?: unknown) => void): unknown[] {
  const at = args.findIndex((arg, i) => i > 0 && typeof arg === 'function')
  if (at > 0) return args.with(at, inScope(args[at] as Method, end))
  const [config] = args
  if (typeof config !== 'object' || config === null) return [...args]
  const { callback, submit } = config as { readonly callback?: unknown; readonly submit?: unknown }
  if (typeof callback !== 'function' || typeof submit === 'function') return [...args]
  return args.with(
    0,
    Object.create(config, {
      callback: { value: inScope(callback as Method, end), enumerable: true, writable: true },
    }),
  )
}

/** The client tells it what comes from the database; a cursor that nobody reads to its end never hears that it is over. */
function watchSubmittable(
  submittable: object,
  end: (error: unknown, result?: { readonly rowCount?: number }) => void,
): void {
  let rowCount: number | undefined
  watch(
    submittable,
    'handleCommandComplete',
    (handle) =>
      function (...args) {
        contained('pg collector', () => {
          const { text = '' } = args[0] as { readonly text?: string }
          const count = /\d+$/.exec(text) // `INSERT 0 3`
          if (count !== null) rowCount = (rowCount ?? 0) + Number(count[0])
        })
        return handle.apply(this, args)
      },
  )
  watch(
    submittable,
    'handleError',
    (handle) =>
      function (...args) {
        end(args[0])
        return handle.apply(this, args)
      },
  )
  watch(
    submittable,
    'handleReadyForQuery',
    (handle) =>
      function (...args) {
        end(undefined, rowCount === undefined ? {} : { rowCount })
        return handle.apply(this, args)
      },
  )
}

/** Of several statements in one text, their sum. */
function rowsOf(result: unknown): IntegrationResult {
  let rows: number | undefined
  for (const one of Array.isArray(result) ? (result as unknown[]) : [result]) {
    const { rowCount } = (one ?? {}) as { readonly rowCount?: number | null }
    if (typeof rowCount === 'number') rows = (rows ?? 0) + rowCount
  }
  return rows === undefined ? {} : { response: { rows_affected: rows } }
}
