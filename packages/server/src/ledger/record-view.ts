/** Records as the API shows them. */
import { decodeLeaf, type RecordView, readRecord } from '@trailproof/core'
import { formatMicros } from '../process/format-time.ts'
import type { ReadEntry } from './read-entry.ts'

/** The record of an entry with its ledger, index and `recorded_at`; `erased` names groups that are gone. */
export function recordView(ledger: string, { index, leaf, core, personal }: ReadEntry): RecordView {
  const decoded = decodeLeaf(leaf)
  const recordedAt = formatMicros(decoded.kind === 'leaf' ? decoded.recordedAtUs : 0)
  return readRecord(core?.text ?? '{}', personal?.text, { ledger, index, recordedAt })
}
