/** The way on after a restore: the ledger is closed for ever, and a successor begins with what was known of it. */
import { takeExclusiveUse } from '../process/exclusive-use.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { wasDeleted } from './ledger-info.ts'
import { LedgerWriter, type LedgerWriterOptions, type Succession } from './ledger-writer.ts'

/**
 * Closes a ledger that cannot start and opens its successor, `<name>-2` and so on, whose entry 0 holds
 * the locked checkpoint and the restored head: what is missing in between is said for ever, and keys of
 * the old ledger write to the new one. Rejects with BAD_REQUEST when the ledger can be started as it is.
 */
export async function succeedLedger(
  options: LedgerWriterOptions,
  name: string,
  reason: string,
): Promise<Succession> {
  using _data = takeExclusiveUse(options.data)
  using _keys = takeExclusiveUse(options.keys)
  const writer = await LedgerWriter.open({ ...options, standsIn: true })
  try {
    const infos = await writer.ledgers()
    const info = infos.find((ledger) => ledger.name === name)
    if (!info) throw new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${name} in ${options.data}`)
    if (info.state.kind === 'open')
      throw new TrailproofError('BAD_REQUEST', `ledger ${name} is sound: it needs no successor`)
    if (info.state.kind === 'closed')
      throw new TrailproofError(
        'LEDGER_CLOSED',
        `ledger ${name} was succeeded by ${info.state.successor} already`,
      )
    if (info.state.kind === 'deleted') throw wasDeleted(name)
    return await writer.succeed(name, reason)
  } finally {
    await writer.close()
  }
}
