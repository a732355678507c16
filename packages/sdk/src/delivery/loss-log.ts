/** What was lost and is not yet recorded as lost: numbers in the stream as ranges, bounded whatever happens. */
import type { DropReason } from '../recorder/diagnostics.ts'

/** What the record of a gap tells. */
export interface Loss {
  readonly reason: DropReason
  readonly records: number
  /** Numbers in the producer's stream, both ends included, in order. At most 100 ranges. */
  readonly seqs: readonly (readonly [from: number, to: number])[]
  /** False: ranges were joined over numbers that were not lost, or do not name all that were. */
  readonly exact: boolean
  /** ms since 1970: the first and the last of them. */
  readonly since: number
  readonly until: number
}

export const LOSS_RANGES_MAX = 100

interface Open {
  records: number
  readonly ranges: [from: number, to: number][]
  exact: boolean
  readonly since: number
  until: number
}

export class LossLog {
  readonly #open = new Map<DropReason, Open>()

  get isEmpty(): boolean {
    return this.#open.size === 0
  }

  /** Without a `seq`: a record whose number is not known. */
  add(reason: DropReason, seq: number | undefined, now: number): void {
    let open = this.#open.get(reason)
    if (open === undefined) {
      open = { records: 0, ranges: [], exact: true, since: now, until: now }
      this.#open.set(reason, open)
    }
    open.records++
    open.until = now
    if (seq === undefined || !Number.isSafeInteger(seq)) open.exact = false
    else addToRanges(open, seq)
  }

  /** All of it, one for each reason; the log is empty afterwards. */
  take(): Loss[] {
    const losses = [...this.#open].map(([reason, { ranges, ...open }]) => ({ reason, ...open, seqs: ranges }))
    this.#open.clear()
    return losses
  }
}

/** Numbers come mostly in order, so the search starts at the end. */
function addToRanges(open: Open, seq: number): void {
  const { ranges } = open
  let at = ranges.length
  while (at > 0 && ranges[at - 1]![0] > seq) at--
  const before = ranges[at - 1]
  const after = ranges[at]
  if (before !== undefined && seq <= before[1]) return
  if (before !== undefined && seq === before[1] + 1) {
    before[1] = seq
    if (after !== undefined && after[0] === seq + 1) {
      before[1] = after[1]
      ranges.splice(at, 1)
    }
  } else if (after !== undefined && seq === after[0] - 1) after[0] = seq
  else {
    ranges.splice(at, 0, [seq, seq])
    if (ranges.length > LOSS_RANGES_MAX) joinNearest(open)
  }
}

/** The two neighbours with the fewest numbers between them become one. */
function joinNearest(open: Open): void {
  const { ranges } = open
  let nearest = 1
  for (let at = 2; at < ranges.length; at++)
    if (gapBefore(ranges, at) < gapBefore(ranges, nearest)) nearest = at
  ranges[nearest - 1]![1] = ranges[nearest]![1]
  ranges.splice(nearest, 1)
  open.exact = false
}

function gapBefore(ranges: readonly (readonly [number, number])[], at: number): number {
  return ranges[at]![0] - ranges[at - 1]![1]
}
