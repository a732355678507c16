/** The stream numbers of records that any server has put into quarantine: they are accounted for, not missing. */
import type { Directory } from '../directory/directory.ts'
import { numberOf } from '../quarantine/quarantine.ts'
import type { StreamNumber } from './stream-number.ts'

/** Records read at once, each of up to 1 MiB. */
const PAGE = 100
/** Clocks of servers differ: ids are made of theirs, and what comes in late may stand before what was read. */
const OVERLAP_MS = 60_000

export class QuarantinedNumbers {
  readonly #directory: Pick<Directory, 'quarantined'>
  readonly #now: () => number
  /** Where reading goes on in each ledger: ms since 1970. */
  readonly #readTo = new Map<string, number>()

  /** `now`: ms since 1970. */
  constructor(directory: Pick<Directory, 'quarantined'>, now: () => number) {
    this.#directory = directory
    this.#now = now
  }

  /** Those that came since the last call, and a minute's before. */
  async next(ledger: string): Promise<readonly StreamNumber[]> {
    const numbers: StreamNumber[] = []
    const readTo = this.#readTo.get(ledger) ?? 0
    let newest = readTo
    // A clock that is far ahead must not hide what others keep until that time has come.
    const newestMax = this.#now()
    for (let after: string | undefined = firstIdAt(readTo - OVERLAP_MS); ; ) {
      const page = await this.#directory.quarantined(ledger, after, PAGE)
      for (const record of page) {
        newest = Math.max(newest, Math.min(record.receivedAt, newestMax))
        const number = numberOf(record)
        if (number !== undefined) numbers.push(number)
      }
      if (page.length < PAGE) break
      after = page.at(-1)!.id
    }
    this.#readTo.set(ledger, newest)
    return numbers
  }
}

/** The least UUIDv7 of a time. */
function firstIdAt(ms: number): string | undefined {
  if (ms <= 0) return undefined
  const time = ms.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}
