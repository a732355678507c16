/** Encrypted content whose keys are not given: its leaves are there, and say that it was there. */
import { LEAF_BYTES } from '@trailproof/core'
import type { SqliteLedgerReader } from '@trailproof/server/ports'
import type { EvidenceEntry, EvidenceGroup } from '@trailproof/verify'

export const WITHHELD: EvidenceGroup = { kind: 'withheld' }

export class SealedContent {
  readonly #ledger: string
  readonly #reader: SqliteLedgerReader
  #reason: string | undefined

  constructor(ledger: string, reader: SqliteLedgerReader) {
    this.#ledger = ledger
    this.#reader = reader
  }

  /** Why content is withheld; undefined while none is. */
  get reason(): string | undefined {
    return this.#reason
  }

  async entries(why: Error, from: number, count: number): Promise<readonly EvidenceEntry[]> {
    this.#reason = why.message
    const leaves = await this.#reader.readLeaves(this.#ledger, from, count)
    return Array.from({ length: leaves.length / LEAF_BYTES }, (_, i) => ({
      leaf: leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
      core: WITHHELD,
      personal: WITHHELD,
    }))
  }
}

export function isKeyMissing(error: unknown): error is Error {
  return (error as { code?: unknown }).code === 'KEY_MISSING'
}
