/** `trailproof erase <id...>`: destroys the personal content of records for ever; every proof stays valid. */
import { clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { confirm } from '../terminal/confirm.ts'
import { printJson } from '../terminal/print-json.ts'

interface ErasureAnswer {
  readonly ledger: string
  readonly erased: readonly string[]
  readonly erasure_index: number
  readonly recorded_at: string
}

export function eraseCommand(context: Context) {
  return clientCommand('erase', 'erase the personal content of records for ever (needs scope admin)')
    .argument('<id...>', 'UUIDs of the records')
    .requiredOption('--authority <text>', 'who or what law asks for it; kept for ever')
    .requiredOption('--reason <text>', 'why; kept for ever')
    .option('--yes', 'do not ask')
    .action(async (ids, { json, yes, ledger, authority, reason, ...options }) => {
      await confirm(context, `Erase the personal content of ${ids.length} record(s) for ever?`, { yes })
      const body = { ids, authority, reason, ...(ledger === undefined ? {} : { ledger }) }
      const answer = await clientOf(options, context).json<ErasureAnswer>('/v1/erasures', {
        method: 'POST',
        body,
      })
      if (json) return printJson(context, answer)
      context.stdout.write(
        `erased ${answer.erased.length} in ledger ${answer.ledger}; recorded as entry ${answer.erasure_index} at ${answer.recorded_at}\n`,
      )
    })
}
