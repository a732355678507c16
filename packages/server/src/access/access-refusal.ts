import type { Caller } from './caller.ts'
import type { Permission } from './permissions.ts'

/** Why a token does not let its caller in. */
export interface AccessRefusal {
  readonly kind: 'refused'
  readonly reason:
    | 'no-token'
    | 'unknown-token'
    | 'expired'
    | 'revoked'
    | 'role-changed'
    | 'missing-permission'
  readonly detail: string
  /** Who it was, where that is known. */
  readonly caller?: Pick<Caller, 'id' | 'name'>
  /** What they do not have. */
  readonly permission?: Permission
}

export function refusedFor(reason: AccessRefusal['reason'], detail: string): AccessRefusal {
  return { kind: 'refused', reason, detail }
}
