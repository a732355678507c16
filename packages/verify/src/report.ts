/** What a verification says, and how its findings are collected. */

/** The worst that was found: `broken` before `unproven` before `erased` before `intact`. */
export type Verdict = 'intact' | 'erased' | 'broken' | 'unproven'

/** What was being checked when evidence failed. Where several fail at one index, the first in this order is named. */
export type Step =
  | 'checkpoint'
  | 'missing'
  | 'leaf'
  | 'commitment'
  | 'content'
  | 'id'
  | 'recorded_at'
  | 'erasure'
  | 'tile'
  | 'root'
  | 'remembered'

const RANK: Record<Step, number> = {
  checkpoint: 0,
  missing: 1,
  leaf: 2,
  commitment: 3,
  content: 4,
  id: 5,
  recorded_at: 6,
  erasure: 7,
  tile: 8,
  root: 9,
  remembered: 10,
}

export interface Finding {
  /** The first entry that is not what was promised, or the earliest it can be. */
  readonly index: number
  readonly step: Step
  readonly detail: string
}

/** Indexes [from, to). */
export interface IndexRange {
  readonly from: number
  readonly to: number
}

export interface ErasedRange extends IndexRange {
  /** The index of the erasure entry. */
  readonly erasedBy: number
  /** The successor that it is an entry of. Default: the ledger that is judged. */
  readonly ledger?: string
  readonly authority: string
  readonly reason: string
  readonly subject?: string
  /** Nothing of these entries is left but leaf and id. */
  readonly isWhole?: true
  /** The retention rule by which they were destroyed. */
  readonly rule?: string
}

/** Evidence that was not there to be judged. */
export interface Unproven extends Partial<IndexRange> {
  readonly what: 'core' | 'personal' | 'entries' | 'tiles' | 'ids' | 'erasures' | 'checkpoint' | 'remembered'
  readonly detail: string
}

export interface Report {
  readonly verdict: Verdict
  readonly origin: string
  /** Of the checkpoint that was judged. */
  readonly size: number
  /** The signed root, base64. */
  readonly root: string
  /** The entries whose leaf, content and tiles were judged. */
  readonly checked: IndexRange
  /** The finding of the lowest index. */
  readonly firstBad?: Finding
  readonly badCount: number
  readonly erased: readonly ErasedRange[]
  readonly unproven: readonly Unproven[]
}

/** Keeps the finding of the lowest index and counts the rest. */
export class Findings {
  first: Finding | undefined
  count = 0
  /** The lowest index of an entry that some finding shows to be another than the one that was signed. */
  #firstAltered = Number.POSITIVE_INFINITY

  add(index: number, step: Step, detail: string): void {
    this.count++
    const { first } = this
    if (
      first === undefined ||
      index < first.index ||
      (index === first.index && RANK[step] < RANK[first.step])
    )
      this.first = { index, step, detail }
  }

  /** A finding about this very entry, after which it is no wonder that the tree around it differs. */
  addAltered(index: number, step: Step, detail: string): void {
    this.#firstAltered = Math.min(this.#firstAltered, index)
    this.add(index, step, detail)
  }

  /**
   * Whether an altered entry was named that accounts for a contradiction somewhere in the range. Only the lowest
   * altered one is known; when that is before the range the answer is no, and it is named first all the same.
   */
  accountFor({ from, to }: IndexRange): boolean {
    return this.#firstAltered >= from && this.#firstAltered < to
  }
}

export function verdictOf(broken: boolean, unproven: boolean, erased: boolean): Verdict {
  if (broken) return 'broken'
  if (unproven) return 'unproven'
  return erased ? 'erased' : 'intact'
}

/** Ascending indexes as ranges: memory follows the number of gaps, not of indexes. */
export class IndexRuns {
  readonly ranges: { from: number; to: number }[] = []

  add(index: number): void {
    const last = this.ranges.at(-1)
    if (last?.to === index) last.to++
    else this.ranges.push({ from: index, to: index + 1 })
  }

  /** The highest index, or -1. */
  get last(): number {
    return (this.ranges.at(-1)?.to ?? 0) - 1
  }
}
