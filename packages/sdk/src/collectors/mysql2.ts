/** Statements of mysql2, as it tells of them on its channels; nothing is patched. */
import type { IntegrationResult } from '../recorder/step.ts'
import { SqlStatement } from './sql/sql-statement.ts'
import { onConnecting, onTracingChannel, type Settled } from './tracing-channel.ts'

/** What is read of mysql2's message. */
interface Message {
  readonly query: string
  readonly values?: unknown
}

export function collectMysql2(): void {
  // Here the values are in the text already; where they were could not be told from it any more.
  onTracingChannel<Message>('mysql2:query', {
    begin: ({ query }, { owner }) => {
      const statement = SqlStatement.of(query, 'mysql', owner.options)
      return { type: 'database', name: `mysql ${statement.name}`, request: { query: statement.query } }
    },
    end,
  })
  onTracingChannel<Message>('mysql2:execute', {
    begin: ({ query, values }, { owner }) => {
      const statement = SqlStatement.of(query, 'mysql', owner.options)
      const args = Array.isArray(values) ? statement.argsOf(values) : values
      return { type: 'database', name: `mysql ${statement.name}`, request: { query: statement.query, args } }
    },
    end,
  })
  // Whoever waited for a connection goes on in the turn of whoever gave it back.
  onConnecting('mysql2:pool:connect', { type: 'database', name: 'mysql connect' })
}

/** Rows of a SELECT, counts of anything else, a list of either for several statements; nothing of a stream. */
function end({ result }: Settled): IntegrationResult {
  if (Array.isArray(result)) return { response: { rows_affected: result.length } }
  const { affectedRows } = (result ?? {}) as { readonly affectedRows?: unknown }
  return affectedRows === undefined ? {} : { response: { rows_affected: affectedRows } }
}
