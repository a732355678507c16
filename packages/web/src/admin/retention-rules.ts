export interface RetentionRule {
  readonly name: string
  /** Null: for ever. */
  readonly keep_days: number | null
  /** Null: every record. */
  readonly query: string | null
}

export interface RetentionRules {
  readonly ledger: string
  readonly rules: readonly RetentionRule[]
  readonly changed_by: { readonly id: string; readonly name: string } | null
  readonly changed_at: string | null
}

export interface RetentionPreview {
  readonly rules: readonly {
    readonly name: string
    readonly records: number
    readonly bytes: number
    readonly held: number
  }[]
  readonly complete: boolean
}

/** A rule as it is edited: texts, with a key that stays its own. */
export interface DraftRule {
  readonly key: number
  readonly name: string
  readonly days: string
  readonly query: string
}

export function draftOf({ name, keep_days: days, query }: RetentionRule, key: number): DraftRule {
  return { key, name, days: days === null ? '' : String(days), query: query ?? '' }
}

/** As the server takes it. */
export function bodyOf(drafts: readonly DraftRule[]): object {
  const rules = drafts.map(({ name, days, query }) => ({
    name,
    keep_days: days === '' ? null : Number(days),
    ...(query !== '' && { query }),
  }))
  return { rules }
}
