/** Records what the stream watch found out, in the ledger it is about. */

import type { Intake } from '../intake/intake.ts'
import { packRecords } from '../ledger/commit-batch.ts'
import type { LedgerTable } from '../ledger/ledger-table.ts'
import { gapRecord } from '../ledger/server-records.ts'
import type { StreamNotice } from './stream-number.ts'

const ACTIONS = { gap: 'stream.gap', filled: 'stream.gap_filled' } as const

/**
 * Appends one record a notice. A notice told twice is recorded once: the id is made of the stream and its
 * numbers. Rejects when the ledger cannot be written now; the watch tells again.
 */
export async function recordNotices(
  notices: readonly StreamNotice[],
  ledgers: LedgerTable,
  sequencer: Pick<Intake, 'append'>,
  atMs: number,
): Promise<void> {
  for (const [name, ofLedger] of Map.groupBy(notices, ({ ledger }) => ledger)) {
    const view = ledgers.writable(name)
    if (view?.info.state.kind !== 'open') continue
    const records = ofLedger.map(({ kind, ...gap }) => gapRecord(view.info, ACTIONS[kind], gap, atMs * 1000))
    await sequencer.append(view.info.name, packRecords(records))
  }
}
