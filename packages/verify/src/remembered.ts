/** Compares a ledger with checkpoints somebody kept: the lock's, a client's receipts, a witness's. */

import type { Checkpoint, NodeHash } from '@trailproof/core'
import { equalBytes, readCheckpoint } from '@trailproof/core'
import type { LedgerKeys } from './ledger-keys.ts'
import type { Findings, Unproven } from './report.ts'

interface Kept extends Checkpoint {
  readonly note: string
  /** Whether the ledger had this root at this size; undefined until it was computed. */
  matches?: boolean
}

export class Remembered {
  readonly #kept: Kept[] = []
  readonly unproven: Unproven[] = []
  #next = 0

  constructor(notes: readonly string[]) {
    for (const note of notes) {
      const parsed = readCheckpoint(note)
      if (parsed.kind === 'problem') this.unproven.push({ what: 'remembered', detail: parsed.problem })
      else this.#kept.push({ origin: parsed.origin, size: parsed.size, root: parsed.root, note })
    }
    this.#kept.sort((a, b) => a.size - b.size)
  }

  /** The next size whose root is wanted, ascending; Infinity when there is none. */
  get nextSize(): number {
    return this.#kept[this.#next]?.size ?? Number.POSITIVE_INFINITY
  }

  /** The root the ledger had at `nextSize`; undefined when it could not be computed. */
  compare(root: NodeHash | undefined): void {
    for (const size = this.nextSize; this.#kept[this.#next]?.size === size; this.#next++)
      if (root !== undefined) this.#kept[this.#next]!.matches = equalBytes(root, this.#kept[this.#next]!.root)
  }

  /**
   * Judges all of them and returns the largest size up to which the ledger is known to be unchanged. Call after
   * all entries and tiles were judged.
   */
  finish({ origin, size }: Checkpoint, rootMatches: boolean, keys: LedgerKeys, findings: Findings): number {
    let unchangedTo = 0
    for (const kept of this.#kept) {
      const opened = keys.open(kept.note, kept.size)
      if (kept.origin !== origin) {
        findings.add(0, 'remembered', `a remembered checkpoint is of ${kept.origin}, the ledger of ${origin}`)
      } else if (opened.kind !== 'checkpoint') {
        const why = opened.kind === 'problem' ? opened.problem : 'no key in force at its size signed it'
        this.unproven.push({ what: 'remembered', detail: `the checkpoint of size ${kept.size}: ${why}` })
      } else if (kept.size > size) {
        findings.add(size, 'remembered', `the newest ${kept.size - size} entries are missing`)
      } else if (kept.matches === undefined) {
        this.unproven.push({
          what: 'remembered',
          detail: `the root at size ${kept.size} could not be computed`,
        })
      } else if (kept.matches) {
        unchangedTo = kept.size
      } else if (rootMatches || !findings.accountFor({ from: unchangedTo, to: kept.size })) {
        // Leaves that give the signed root were signed as they are: this is another history, and no damage that
        // was found on the way accounts for it.
        const detail = `the signed root at size ${kept.size} was another one: entries below it have changed`
        findings.add(unchangedTo, 'remembered', detail)
      }
    }
    return unchangedTo
  }
}
