/** What can become of something grave that somebody asks for. */

export type ApprovalState =
  /** Waits for somebody else. */
  | 'asked'
  /** Will be done, at the next start if not now. */
  | 'approved'
  | 'done'
  /** Was approved and could not be done, for good. */
  | 'failed'
  | 'rejected'
  | 'withdrawn'
  | 'expired'

export type ApprovalEvent = 'approve' | 'reject' | 'withdraw' | 'expire' | 'finish' | 'fail'

const NEVER: Readonly<Record<ApprovalEvent, undefined>> = {
  approve: undefined,
  reject: undefined,
  withdraw: undefined,
  expire: undefined,
  finish: undefined,
  fail: undefined,
}

/** Undefined: that cannot happen any more, or not yet. */
const NEXT: Readonly<Record<ApprovalState, Readonly<Record<ApprovalEvent, ApprovalState | undefined>>>> = {
  asked: { ...NEVER, approve: 'approved', reject: 'rejected', withdraw: 'withdrawn', expire: 'expired' },
  approved: { ...NEVER, finish: 'done', fail: 'failed' },
  done: NEVER,
  failed: NEVER,
  rejected: NEVER,
  withdrawn: NEVER,
  expired: NEVER,
}

export const APPROVAL_STATES = Object.keys(NEXT) as readonly ApprovalState[] // Object.keys forgets it

export function nextState(state: ApprovalState, event: ApprovalEvent): ApprovalState | undefined {
  return NEXT[state][event]
}

/** Whether nothing becomes of it any more: what was asked for is destroyed then, as it may name people. */
export function isSettled(state: ApprovalState): boolean {
  return Object.values(NEXT[state]).every((next) => next === undefined)
}
