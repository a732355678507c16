/** One number for ledger and index, so that an entry's place fits SQLite's integer key. */
import { TrailproofError } from '../../trailproof-error.ts'

/** A ledger holds up to 2^36 entries, a store up to 2^17 ledgers: together the 53 bits of a JS integer. */
const LEDGER_ENTRIES_MAX = 2 ** 36
export const LEDGERS_MAX = 2 ** 17

export function positionOf(ledgerId: number, index: number): number {
  if (index >= LEDGER_ENTRIES_MAX)
    throw new TrailproofError('BAD_REQUEST', `a ledger holds at most ${LEDGER_ENTRIES_MAX} entries`)
  return ledgerId * LEDGER_ENTRIES_MAX + index
}

export function indexOf(position: number): number {
  return position % LEDGER_ENTRIES_MAX
}
