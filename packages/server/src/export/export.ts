/** What is exported, and what it is made with. */
import type { LedgerView } from '../ledger/ledger-table.ts'
import type { Services } from '../services.ts'
import type { ExportShape } from './export-block.ts'

/** The entries [from, to) of the ledger's tree of `size` leaves. */
export interface ExportRange {
  readonly from: number
  readonly to: number
  readonly size: number
}

export interface Export {
  readonly view: LedgerView
  readonly shape: ExportShape
  readonly range: ExportRange
}

export type ExportDeps = Pick<Services, 'reader' | 'writer' | 'cursorKey'>
