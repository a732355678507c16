/** Why a token does not let its caller in. */
export interface AccessRefusal {
  readonly kind: 'refused'
  readonly reason: 'no-token' | 'unknown-token' | 'expired' | 'revoked' | 'missing-scope'
  readonly detail: string
}
