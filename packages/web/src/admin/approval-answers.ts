interface Person {
  readonly id: string
  readonly name: string
}

export interface ApprovalFacts {
  readonly id: string
  readonly ledger: string
  readonly act: string
  readonly state: 'asked' | 'approved' | 'done' | 'failed' | 'rejected' | 'withdrawn' | 'expired'
  readonly digest: string
  readonly asked_by: Person
  readonly asked_at: string
  readonly expires_at: string
  readonly decision: { readonly by: Person; readonly at: string; readonly reason: string } | null
  readonly outcome: Readonly<Record<string, unknown>> | null
}

export interface Approval extends ApprovalFacts {
  /** What exactly; null once nothing becomes of it any more. */
  readonly request: Readonly<Record<string, unknown>> | null
}
