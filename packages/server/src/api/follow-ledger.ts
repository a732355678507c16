/** Follows a ledger: its entries in order as they are recorded, none left out, for live tails of every protocol. */
import type { LedgerView } from '../ledger/ledger-table.ts'
import type { ReadEntry } from '../ledger/read-entry.ts'
import type { Services } from '../services.ts'
import { ProblemError } from './authorize.ts'
import { problem } from './problem.ts'

const ENTRIES_A_READ = 256
/** After this long without an entry the follower is told so: proxies close what is quiet. */
const HEARTBEAT_MS = 15_000

export interface FollowStep {
  /** Empty when nothing came for a while. */
  readonly entries: readonly ReadEntry[]
  /** Index of the entry after these. */
  readonly next: number
}

/**
 * Throws the problem `beyond-ledger` when there are not even the entries before `next`: whoever saw them followed
 * another ledger of this name, and would wait in silence for this one to grow past it.
 */
export function assertReached(next: number, { info, size }: LedgerView): void {
  if (next > size)
    throw new ProblemError(
      problem(
        'beyond-ledger',
        `ledger ${info.name} has only ${size} entries; entry ${next - 1} is not among them`,
      ),
    )
}

/** Reads on when the last step was dealt with, so that nothing piles up for a slow reader. Ends with `signal`. */
export async function* followLedger(
  view: LedgerView,
  from: number,
  signal: AbortSignal,
  { reader, ledgers }: Pick<Services, 'reader' | 'ledgers'>,
): AsyncGenerator<FollowStep, void> {
  const ledger = view.info.name
  for (let next = from; !signal.aborted; ) {
    const count = Math.min(ENTRIES_A_READ, view.size - next)
    if (count <= 0) {
      const grew = await waitForHead(ledgers, ledger, () => view.size > next, signal)
      if (!grew && !signal.aborted) yield { entries: [], next }
      continue
    }
    const entries = await reader.entries(ledger, next, count)
    // Who follows may have lost the right to it, or be gone, while they were read.
    if (signal.aborted) return
    next += entries.length
    yield { entries, next }
  }
}

/** True when the ledger grew, false after a while without. */
function waitForHead(
  ledgers: Services['ledgers'],
  ledger: string,
  grown: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (grew: boolean): void => {
      clearTimeout(timer)
      off()
      signal.removeEventListener('abort', stop)
      resolve(grew)
    }
    const stop = (): void => done(false)
    const timer = setTimeout(stop, HEARTBEAT_MS)
    const off = ledgers.onHead((changed) => {
      if (changed === ledger && grown()) done(true)
    })
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
  })
}
