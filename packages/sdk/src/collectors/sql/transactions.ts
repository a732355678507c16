/** Which statements of a connection belong together: a number from its BEGIN to its COMMIT or ROLLBACK. */

const BEGINS = /^\s*(?:begin|start\s+transaction)\b/i
const ENDS = /^\s*(?:commit|end|rollback|abort|prepare\s+transaction)\b/i
/** It goes on after a savepoint. */
const STAYS = /^\s*rollback\s+(?:work\s+|transaction\s+)?to\b/i
/** Several statements in one text: what the last one is. */
const ENDS_LAST = /;\s*(?:commit|end|rollback|abort)\s*;?\s*$/i
/** So much of a text is looked at, from its beginning and from its end. */
const LOOK_CHARS = 64

/** Of all connections: two transactions of one trail are told apart. */
let last = 0
const open = new WeakMap<object, number>()

/** The transaction that a statement, given in the order in which the connection will run them, is part of. */
export function transactionOf(connection: object, sql: string): number | undefined {
  const first = sql.slice(0, LOOK_CHARS)
  if (BEGINS.test(first)) open.set(connection, beginTransaction())
  const number = open.get(connection)
  if (number === undefined) return undefined
  if ((ENDS.test(first) && !STAYS.test(first)) || ENDS_LAST.test(sql.slice(-LOOK_CHARS)))
    open.delete(connection)
  return number
}

export function beginTransaction(): number {
  return ++last
}
