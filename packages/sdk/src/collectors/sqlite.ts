/** Statements of better-sqlite3 and node:sqlite, which run while their caller waits. */
import type { Integration, IntegrationResult } from '../recorder/step.ts'
import { beginCall, endCall } from './call.ts'
import { isFirstCollected, type Method, watch } from './collected.ts'
import { contained } from './contained.ts'
import { SqlStatement } from './sql/sql-statement.ts'
import { beginTransaction, transactionOf } from './sql/transactions.ts'

interface SqliteDatabase {
  prepare(sql: string): object
  exec(sql: string): unknown
}

/**
 * Each run, get, all and iterate of a statement prepared from now on, each exec, and each transaction of better-sqlite3 is an integration.
 * Takes a Database of better-sqlite3 or a DatabaseSync of node:sqlite; gives the same back.
 *
 *     const db = collectSqlite(new DatabaseSync('orders.db'))
 */
export function collectSqlite<Database extends SqliteDatabase>(db: Database): Database {
  if (isFirstCollected(db)) watchDatabase(db)
  return db
}

/** @internal A database, or the class of all. */
export function watchDatabase(db: object): void {
  watch(db, 'prepare', watchedPrepare)
  watch(db, 'exec', watchedExec)
  watch(db, 'transaction', watchedTransaction)
}

/** What a statement gives, as the rows that it concerned. */
const ROWS: Readonly<Record<string, (result: unknown) => unknown>> = {
  run: (result) => (result as { readonly changes: number | bigint }).changes,
  get: (result) => (result === undefined ? 0 : 1),
  all: (result) => (result as readonly unknown[]).length,
}

function watchedPrepare(prepare: Method): Method {
  return function (...args) {
    const statement = prepare.apply(this, args)
    contained('sqlite collector', () => watchStatement(this as object, String(args[0]), statement as object))
    return statement
  }
}

function watchStatement(db: object, sql: string, statement: object): void {
  for (const [name, rowsOf] of Object.entries(ROWS))
    watch(
      statement,
      name,
      (method) =>
        function (...args) {
          const call = begin(db, sql, args)
          return ended(call, () => method.apply(this, args), rowsOf)
        },
    )
  watch(
    statement,
    'iterate',
    (iterate) =>
      function (...args) {
        const call = begin(db, sql, args)
        const rows = failing(call, () => iterate.apply(this, args))
        if (call !== undefined) contained('sqlite collector', () => watchRows(rows as object, call))
        return rows
      },
  )
}

/** One that nobody reads to its end, or breaks off, has no end. */
function watchRows(rows: object, call: Integration): void {
  let count = 0
  const end = (): void => call.end({ response: { rows_affected: count } })
  watch(
    rows,
    'next',
    (next) =>
      function (...args) {
        const step = failing(call, () => next.apply(this, args)) as IteratorResult<unknown>
        if (step.done === true) end()
        else count++
        return step
      },
  )
  watch(
    rows,
    'return',
    (finish) =>
      function (...args) {
        end()
        return finish.apply(this, args)
      },
  )
}

function watchedExec(exec: Method): Method {
  return function (...args) {
    const call = begin(this as object, String(args[0]), [])
    return ended(
      call,
      () => exec.apply(this, args),
      () => undefined,
    )
  }
}

/** Which transaction of better-sqlite3 runs on which database. */
const running = new WeakMap<object, number>()

/** better-sqlite3 begins and ends it where nobody sees it: it is one integration, and its statements name it. */
function watchedTransaction(transaction: Method): Method {
  return function (...args) {
    const made = transaction.apply(this, args) as Method
    const db = this as object
    const variants = ['deferred', 'immediate', 'exclusive'] as const
    const members = made as unknown as Record<string, Method>
    const watched = inTransaction(db, made)
    for (const variant of variants) {
      const method = members[variant]
      if (method !== undefined) Object.defineProperty(watched, variant, { value: inTransaction(db, method) })
    }
    Object.defineProperty(watched, 'default', { value: watched })
    Object.defineProperty(watched, 'database', { value: db, enumerable: true })
    return watched
  }
}

function inTransaction(db: object, method: Method): Method {
  return function (...args) {
    const outer = running.get(db)
    const transaction = outer ?? beginTransaction()
    running.set(db, transaction)
    const call = beginCall(() => ({
      type: 'database',
      name: outer === undefined ? 'sqlite TRANSACTION' : 'sqlite SAVEPOINT',
      metadata: { transaction },
    }))
    try {
      return ended(
        call,
        () => method.apply(this, args),
        () => undefined,
      )
    } finally {
      if (outer === undefined) running.delete(db)
    }
  }
}

function begin(db: object, sql: string, args: readonly unknown[]): Integration | undefined {
  const transaction = running.get(db) ?? transactionOf(db, sql)
  return beginCall(({ owner }) => {
    const statement = SqlStatement.of(sql, 'sqlite', owner.options)
    return {
      type: 'database',
      name: `sqlite ${statement.name}`,
      request: { query: statement.query, ...(args.length > 0 && { args: argsOf(statement, args) }) },
      ...(transaction !== undefined && { metadata: { transaction } }),
    }
  })
}

/** Lists, or one after the other; objects hold those with names. */
function argsOf(statement: SqlStatement, args: readonly unknown[]): unknown {
  const named = args.filter((arg) => isNamed(arg))
  const kept = statement.argsOf(args.filter((arg) => !isNamed(arg)).flat())
  if (named.length === 0) return kept
  const names = named.map((each) => statement.namedArgsOf(each))
  return Array.isArray(kept) && kept.length > 0 ? [...names, ...(kept as unknown[])] : names[0]
}

function isNamed(arg: unknown): arg is Readonly<Record<string, unknown>> {
  return typeof arg === 'object' && arg !== null && !Array.isArray(arg) && !ArrayBuffer.isView(arg)
}

function ended(
  call: Integration | undefined,
  run: () => unknown,
  rowsOf: (result: unknown) => unknown,
): unknown {
  const result = failing(call, run)
  endCall(call, (): IntegrationResult => {
    const rows = rowsOf(result)
    return rows === undefined ? {} : { response: { rows_affected: rows } }
  })
  return result
}

function failing(call: Integration | undefined, run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    call?.end({ error: error ?? 'undefined was thrown' })
    throw error
  }
}
