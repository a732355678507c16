/** The answers of the API, as far as this program uses them. */
import type { RecordView } from '@trailproof/core'

export interface LedgerAnswer {
  readonly name: string
  readonly origin: string
  readonly state:
    | { readonly kind: 'open' }
    | { readonly kind: 'closed'; readonly successor: string }
    | { readonly kind: 'blocked'; readonly reason: string }
  readonly size: number
  readonly indexed_size: number
  readonly checkpoint: string
  readonly verifier_keys: readonly string[]
}

export interface SearchAnswer {
  readonly ledger: string
  readonly size: number
  readonly indexed_size: number
  readonly records: readonly RecordView[]
  readonly next: string | null
}

export interface ReceiptAnswer {
  readonly id?: string
  readonly status: 'recorded' | 'duplicate' | 'conflict' | 'quarantined' | 'refused'
  readonly problems?: readonly { readonly field?: string; readonly message?: string }[]
  readonly [member: string]: unknown
}

export interface IngestAnswer {
  readonly checkpoint: string
  readonly receipts: readonly ReceiptAnswer[]
}

/** A group as evidence: exact text and salt, gone, or not shown. */
export type GroupAnswer =
  | { readonly text: string; readonly salt: string }
  | { readonly erased: true }
  | { readonly withheld: true }

export interface EntryAnswer {
  readonly index: number
  readonly leaf: string
  readonly core: GroupAnswer
  readonly personal: GroupAnswer
}

export interface KeyAnswer {
  readonly prefix: string
  readonly name: string
  readonly ledger: string | null
  readonly scopes: readonly string[]
  readonly created_at: string
  readonly expires_at: string | null
  readonly revoked_at: string | null
  /** Only in the answer that makes the key. */
  readonly token?: string
}

export interface QuarantinedAnswer {
  readonly id: string
  readonly ledger: string
  readonly received_at: string
  readonly key: string
  readonly problems: readonly { readonly field?: string; readonly message?: string }[]
  readonly source: string
}
