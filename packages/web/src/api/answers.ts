/** What the server answers, as far as these pages look into it (docs: /docs of the server). */

export interface ShownRecord {
  readonly id: string
  readonly ledger: string
  readonly index: number
  readonly recorded_at: string
  readonly timestamp?: string
  readonly action?: string
  readonly kind?: string
  readonly service?: string
  readonly environment?: string
  readonly outcome?: string
  readonly severity?: string
  readonly latency_ms?: number | null
  readonly message?: string
  readonly reason?: string
  readonly trace_id?: string
  readonly actor?: {
    readonly id?: string | null
    readonly name?: string | null
    readonly [member: string]: unknown
  }
  readonly targets?: readonly { readonly type?: string | null; readonly id?: string | null }[]
  readonly changes?: readonly Change[]
  readonly erased?: readonly string[]
  readonly masked?: readonly string[]
  readonly [field: string]: unknown
}

export interface Change {
  readonly path: string
  readonly old?: unknown
  readonly new?: unknown
  readonly redacted?: boolean | null
}

export interface SearchPage {
  readonly ledger: string
  readonly indexed_size: number
  readonly size: number
  readonly records: readonly ShownRecord[]
  readonly next?: string
  readonly complete: boolean
  readonly took_ms?: number
}

export interface Histogram {
  readonly from: string
  readonly to: string
  /** Records of clocks that were never set, and of those far ahead. */
  readonly before: number
  readonly after: number
  readonly step_seconds: number
  readonly buckets: readonly Bucket[]
  readonly complete: boolean
  readonly sampled: number | null
}

export interface Bucket {
  readonly from: string
  readonly to: string
  readonly count: number
  readonly by?: Readonly<Record<string, number>>
}

export interface Facet {
  readonly field: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  readonly distinct: number
  readonly complete: boolean
  readonly sampled: number | null
}

export interface Field {
  readonly name: string
  readonly type: string
  readonly group: string
  readonly aliases: readonly string[]
}

export interface LedgerInfo {
  readonly name: string
  readonly origin: string
  readonly state:
    | { readonly kind: 'open' }
    | { readonly kind: 'closed'; readonly successor: string }
    | { readonly kind: 'deleted' }
    | { readonly kind: 'blocked'; readonly reason: string }
  readonly size: number
  readonly indexed_size: number
  readonly checkpoint?: string
  readonly verifier_keys: readonly string[]
}

export interface AccessMe {
  readonly kind: string
  readonly id: string
  readonly name: string
  /** Roles, each on one ledger and its successors; `ledger` null: on all. */
  readonly grants: readonly {
    readonly role: string
    readonly ledger: string | null
    readonly permissions: readonly string[]
  }[]
}
