/** The way on after a restore: the ledger is closed for ever, and a successor begins with what was known of it. */
import { encodeBase64 } from '@trailproof/core'
import { takeExclusiveUse } from '../process/exclusive-use.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { joinRecords, packRecords } from './commit-batch.ts'
import { LedgerWriter, type LedgerWriterOptions } from './ledger-writer.ts'
import { successionRecord } from './server-records.ts'

export interface Succession {
  readonly predecessor: string
  readonly successor: string
  /** Size of the last checkpoint that was signed for the predecessor; undefined when its lock is lost. */
  readonly lockedSize: number | undefined
  /** Size of the predecessor's data as it was found. */
  readonly foundSize: number
}

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
  const writer = await LedgerWriter.open(options)
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
    const successor = freeName(name, new Set(infos.map((ledger) => ledger.name)))
    const { locked, lockedSize, root } = await writer.positionOf(name)
    const { dedupeKey } = await writer.createLedger(successor)
    const facts = {
      predecessor: name,
      locked,
      found: `${info.origin}\n${info.size}\n${encodeBase64(root)}\n`,
      reason,
    }
    await writer.commit([
      joinRecords(successor, [packRecords([successionRecord({ dedupeKey }, facts, Date.now() * 1000)])]),
    ])
    await writer.closeLedger(name, successor)
    return { predecessor: name, successor, lockedSize, foundSize: info.size }
  } finally {
    await writer.close()
  }
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  const base = name.replace(/-\d+$/, '')
  for (let n = 2; ; n++) if (!taken.has(`${base}-${n}`)) return `${base}-${n}`
}
