/** The answers of the API, as far as this program uses them. */
import type { RecordView } from '@trailproof/core'

export interface LedgerAnswer {
  readonly name: string
  readonly origin: string
  readonly state:
    | { readonly kind: 'open' }
    | { readonly kind: 'closed'; readonly successor: string }
    | { readonly kind: 'deleted' }
    | { readonly kind: 'blocked'; readonly reason: string }
  readonly size: number
  readonly indexed_size: number
  readonly checkpoint: string
  readonly verifier_keys: readonly string[]
}

interface Found {
  readonly ledger: string
  readonly size: number
  readonly indexed_size: number
  /** False: time ran out, or there was more than the answer can hold. */
  readonly complete: boolean
}

export interface RecordsAnswer extends Found {
  /** Whole records, or with a pipe `fields` objects with those, id and index. */
  readonly records: readonly RecordView[]
  readonly next: string | null
  /** Of a sorted answer: how many match; `capped`: at least so many. */
  readonly total?: { readonly count: number; readonly capped: boolean }
}

/** What a pipe that counts makes. */
export interface TableAnswer extends Found {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** Newest matches that were read one by one, because the index does not count this; null: all were counted. */
  readonly sampled: number | null
}

export type SearchAnswer = RecordsAnswer | TableAnswer

export interface TreeNodeAnswer {
  readonly id: string
  readonly index: number
  readonly service: string
  readonly action?: string
  readonly kind: string
  readonly outcome?: string
  readonly timestamp: string
  readonly latency_ms?: number | null
  readonly parent_missing: boolean
  readonly children: readonly TreeNodeAnswer[]
}

export interface RoleAnswer {
  readonly name: string
  readonly description: string
  readonly permissions: readonly string[]
  /** A condition in CEL; null: every record. */
  readonly rows: string | null
  readonly hidden: readonly string[]
}

export interface TrailAnswer {
  readonly trace_id: string
  readonly ledger: string
  readonly records: readonly RecordView[]
  readonly tree: readonly TreeNodeAnswer[]
  readonly complete: boolean
}

export interface HistoryAnswer {
  readonly ledger: string
  readonly history: readonly RecordView[]
  readonly next: string | null
  readonly complete: boolean
}

interface CountAnswer {
  readonly value: string
  readonly count: number
}

export interface HistogramAnswer {
  readonly ledger: string
  readonly indexed_size: number
  readonly from: string
  readonly to: string
  readonly step_seconds: number
  readonly buckets: readonly { readonly from: string; readonly to: string; readonly count: number }[]
  readonly values?: readonly CountAnswer[]
  readonly complete: boolean
}

export interface FacetsAnswer {
  readonly facets: readonly {
    readonly field: string
    readonly values: readonly CountAnswer[]
    readonly distinct: number
  }[]
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
  readonly roles?: readonly string[]
  readonly created_at: string
  readonly expires_at: string | null
  readonly revoked_at: string | null
  /** A day; servers from before it was known leave it out. */
  readonly last_used_at?: string | null
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

export interface UserAnswer {
  readonly id: string
  readonly email: string | null
  readonly name: string
  readonly roles: readonly string[]
  readonly disabled_at: string | null
  readonly last_login_at: string | null
}

export interface InvitationAnswer {
  readonly id: string
  readonly email: string
  readonly expires_at: string
  /** Only in the answer that makes it. */
  readonly token?: string
}

export interface SessionAnswer {
  readonly id: string
  readonly created_at: string
  readonly refreshed_at: string
  readonly address: string | null
  readonly client: string | null
}
