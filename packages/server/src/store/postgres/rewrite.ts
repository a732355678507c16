/**
 * An update or a deletion leaves the row as it was in its file, and VACUUM leaves the bytes of what it frees: whatever is to
 * be gone is gone when the table is written anew, and nobody's snapshot makes the server keep the old row.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Connections } from './connections.ts'

/** Transactions that were under way get a moment to end. */
const ATTEMPTS = 20
const PAUSE_MS = 100

/**
 * Calls a function of ours that rewrites a table, whose last argument is the transaction since when nothing is to be seen:
 * everything committed before this call is out of the way once it resolves with true. False: somebody could still see it.
 */
export async function rewritten(
  connections: Connections,
  call: string,
  values: readonly unknown[],
): Promise<boolean> {
  const change = async (text: string, given: readonly unknown[]): Promise<unknown> => {
    const { rows } = await connections.change('erase', text, given)
    return rows[0]!['result']
  }
  const erasedBy = await change('SELECT pg_current_xact_id()::text AS result', [])
  const arguments_ = values.map((_, i) => `$${i + 1}`).join(', ')
  for (let attempt = 1; ; attempt++) {
    const text = `SELECT ${call}(${arguments_}, $${values.length + 1}::text::xid8) AS result`
    if ((await change(text, [...values, erasedBy])) === true) return true
    if (attempt === ATTEMPTS) return false
    await delay(PAUSE_MS)
  }
}
