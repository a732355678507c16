/** What the verification of an export says, and how its findings are collected. */

import type { ExportCounts } from '@trailproof/core'
import type { ErasedRange, IndexRange, Step, Unproven, Verdict } from './report.ts'

/** Beside the steps of a ledger: the first line, a line's form or place, the query, the last line, another history. */
export type ExportStep = Step | 'header' | 'line' | 'filter' | 'manifest' | 'fork'

export interface ExportFinding {
  /** Of the file, from 1: the first that is not what it must be. Where lines are gone, the one in their place. */
  readonly line: number
  /** The entry it is about, or the next one that the file should have. */
  readonly index: number
  readonly step: ExportStep
  readonly detail: string
}

export interface ExportReport extends ExportCounts {
  readonly verdict: Verdict
  readonly ledger: string
  readonly origin: string
  /** Of the tree that the range is of, and its signed root, base64; '' when the file does not say. */
  readonly size: number
  readonly root: string
  /** The entries that are proven to be there, each in its place: all of the range when the verdict is not `broken`. */
  readonly range: IndexRange
  /** '' when every entry of the range is shown. Otherwise it is the server's word that the others did not match. */
  readonly query: string
  /** RFC 3339: when the export began. */
  readonly at: string
  /** The finding of the first line. */
  readonly firstBad?: ExportFinding
  readonly badCount: number
  readonly erasedRanges: readonly ErasedRange[]
  readonly unproven: readonly Unproven[]
}

/** Keeps the finding of the first line and counts the rest. */
export class ExportFindings {
  first: ExportFinding | undefined
  count = 0
  /** The line that is being read. */
  line = 0
  /** Whether some entry was named that is another than the one signed: no wonder that the root differs. */
  hasAltered = false

  add(index: number, step: ExportStep, detail: string): void {
    this.addAt(this.line, index, step, detail)
  }

  addAltered(index: number, step: ExportStep, detail: string): void {
    this.hasAltered = true
    this.add(index, step, detail)
  }

  addAt(line: number, index: number, step: ExportStep, detail: string): void {
    this.count++
    if (this.first === undefined || line < this.first.line) this.first = { line, index, step, detail }
  }
}

/** The first count that differs; undefined when none does. */
export function countsDiffer(said: ExportCounts, found: ExportCounts): string | undefined {
  for (const name of ['shown', 'withheld', 'erased'] as const)
    if (said[name] !== found[name]) return `counts ${said[name]} ${name}, the file has ${found[name]}`
  return undefined
}

export function reportWithoutHeader(detail: string): ExportReport {
  return {
    verdict: 'broken',
    ledger: '',
    origin: '',
    size: 0,
    root: '',
    range: { from: 0, to: 0 },
    at: '',
    query: '',
    shown: 0,
    withheld: 0,
    erased: 0,
    firstBad: { line: 1, index: 0, step: 'header', detail },
    badCount: 1,
    erasedRanges: [],
    unproven: [],
  }
}
