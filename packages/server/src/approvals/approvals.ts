/**
 * Something grave is asked for by one and approved by another; then the server does it, once, also when it is killed in
 * between: what is approved and not done is done at the next start.
 */
import type { Logger } from 'pino'
import { uuidv7 } from 'uuidv7'
import type { Caller } from '../access/caller.ts'
import { type ErrorCode, TrailproofError } from '../trailproof-error.ts'
import { type Act, actOf, requestOf } from './act.ts'
import { type ApprovalEvent, nextState } from './approval-state.ts'
import type { ApprovalFacts, ApprovalStore, Decision, Person, StoredApproval } from './approval-store.ts'

/** Waiting for somebody, or for being done. */
export const OPEN_APPROVALS_MAX = 1000
const DAY_MS = 86_400_000
export const APPROVAL_TTL_MS = 7 * DAY_MS
/** What was settled stays in the list for so long; the ledgers keep it for ever. */
const KEPT_MS = 90 * DAY_MS
/** Between two looks for what has expired, and for what could not be done yet. */
const SWEEP_MS = 30_000

/** By whom an act is done: what entries and records of accesses say of it. */
export interface Hands {
  readonly askedBy: Person
  /** Undefined: it took no approval. */
  readonly approval?: { readonly id: string; readonly by: Person; readonly at: number }
}

export type Outcome = Readonly<Record<string, unknown>>

export interface ApprovalsDeps {
  readonly store: ApprovalStore
  /** Does it, and says what came of it without naming anybody. Called again after a crash: what was done is not done again. */
  readonly perform: (act: Act, hands: Hands) => Promise<Outcome>
  /** Runs the work, or not where another server does such work now. */
  readonly alone: (work: () => Promise<void>) => Promise<void>
  /** Whether two callers, by their ids, are one person who has several keys. */
  readonly isSamePerson: (one: string, other: string) => Promise<boolean>
  readonly log: Logger
  /** ms since 1970. */
  readonly now: () => number
}

/** Why something could not be decided. */
export type DecisionRefusal =
  | { readonly kind: 'refused'; readonly reason: 'unknown' }
  /** It was decided before, or its time is over. */
  | { readonly kind: 'refused'; readonly reason: 'settled'; readonly state: ApprovalFacts['state'] }
  /** Whoever asks cannot approve, with none of their keys; nobody else can withdraw. */
  | { readonly kind: 'refused'; readonly reason: 'own' | 'same-person' | 'not-own' }
  /** It is not the request that was looked at. */
  | { readonly kind: 'refused'; readonly reason: 'another-request' }

export type DecisionAnswer = { readonly kind: 'decided'; readonly approval: ApprovalFacts } | DecisionRefusal

export class Approvals {
  readonly #deps: ApprovalsDeps
  #sweeping: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  /** One act after the other. */
  #last: Promise<void> = Promise.resolve()

  constructor(deps: ApprovalsDeps) {
    this.#deps = deps
  }

  /** Keeps a request until somebody else decides. Throws OVERLOADED when too many wait. */
  async ask(act: Act, { id, name }: Pick<Caller, 'id' | 'name'>): Promise<StoredApproval> {
    const askedAt = this.#deps.now()
    const approval: StoredApproval = {
      id: uuidv7(),
      ledger: act.ledger,
      state: 'asked',
      act: act.kind,
      ...requestOf(act),
      askedBy: { id, name },
      askedAt,
      expiresAt: askedAt + APPROVAL_TTL_MS,
      decision: undefined,
      outcome: undefined,
    }
    if (await this.#deps.store.addApproval(approval, OPEN_APPROVALS_MAX)) return approval
    throw new TrailproofError(
      'OVERLOADED',
      `${OPEN_APPROVALS_MAX} requests wait for approval: decide some of them first`,
      { retryable: true },
    )
  }

  /** As it stands now: what is over is expired. */
  async get(id: string): Promise<StoredApproval | undefined> {
    const approval = await this.#deps.store.approval(id)
    if (approval === undefined || !this.#isOver(approval)) return approval
    await this.#expire(approval)
    return await this.#deps.store.approval(id)
  }

  async list(states: readonly ApprovalFacts['state'][], limit: number): Promise<readonly ApprovalFacts[]> {
    await this.#expireAll()
    return await this.#deps.store.approvals(states, limit)
  }

  /**
   * Approves what has that digest, and does it: resolves when it is done or has failed, or when it is left to a later
   * moment or to another server. Of several at once, one is answered `decided`.
   */
  async approve(
    id: string,
    digest: string,
    by: Pick<Caller, 'id' | 'name'>,
    reason: string,
  ): Promise<DecisionAnswer> {
    const approval = await this.get(id)
    const refused = approval && (await this.refusalOfOwn(approval, by))
    if (refused) return refused
    if (approval?.state === 'asked' && (approval.digest !== digest || actOf(approval) === undefined))
      return { kind: 'refused', reason: 'another-request' }
    const answer = await this.#decide(approval, 'approve', by, reason)
    if (answer.kind === 'refused') return answer
    await this.#run(id)
    return { kind: 'decided', approval: (await this.#deps.store.approval(id))! }
  }

  /** Undefined: whoever would approve it is somebody else than who asks. */
  async refusalOfOwn(
    { askedBy }: Pick<ApprovalFacts, 'askedBy'>,
    { id }: Pick<Caller, 'id'>,
  ): Promise<DecisionRefusal | undefined> {
    if (askedBy.id === id) return { kind: 'refused', reason: 'own' }
    const isSame = await this.#deps.isSamePerson(askedBy.id, id)
    return isSame ? { kind: 'refused', reason: 'same-person' } : undefined
  }

  async reject(id: string, by: Pick<Caller, 'id' | 'name'>, reason: string): Promise<DecisionAnswer> {
    return await this.#decide(await this.get(id), 'reject', by, reason)
  }

  async withdraw(id: string, by: Pick<Caller, 'id' | 'name'>, reason: string): Promise<DecisionAnswer> {
    const approval = await this.get(id)
    if (approval !== undefined && approval.askedBy.id !== by.id) return { kind: 'refused', reason: 'not-own' }
    return await this.#decide(approval, 'withdraw', by, reason)
  }

  /** Does what was approved before, beside all else, and looks for it again and again until it is disposed of. */
  start(): AsyncDisposable {
    this.#sweeping = this.#sweep()
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweeping.then(() => this.#sweep())
    }, SWEEP_MS)
    this.#timer.unref()
    return {
      [Symbol.asyncDispose]: async () => {
        clearInterval(this.#timer)
        await this.#sweeping
        await this.#last
      },
    }
  }

  async #sweep(): Promise<void> {
    const { store, log, now } = this.#deps
    try {
      await this.#expireAll()
      await store.forgetApprovals(now() - KEPT_MS)
      for (const { id } of await store.approvals(['approved'], OPEN_APPROVALS_MAX)) await this.#run(id)
    } catch (error) {
      log.warn({ err: error }, 'approvals could not be looked through now')
    }
  }

  async #decide(
    approval: StoredApproval | undefined,
    event: ApprovalEvent,
    { id, name }: Pick<Caller, 'id' | 'name'>,
    reason: string,
  ): Promise<DecisionAnswer> {
    if (approval === undefined) return { kind: 'refused', reason: 'unknown' }
    const { store, now } = this.#deps
    const to = nextState(approval.state, event)
    const decision: Decision = { by: { id, name }, at: now(), reason }
    if (to !== undefined && (await store.moveApproval(approval.id, { from: approval.state, to, decision })))
      return { kind: 'decided', approval: { ...approval, state: to, decision } }
    const { state } = (await store.approval(approval.id)) ?? approval
    return { kind: 'refused', reason: 'settled', state }
  }

  #run(id: string): Promise<void> {
    const running = this.#last.then(() => this.#deps.alone(() => this.#perform(id)))
    // Who asked is told; the chain only needs to know that the work is over.
    this.#last = running.catch(() => undefined)
    return running
  }

  async #perform(id: string): Promise<void> {
    const { store, perform, log } = this.#deps
    try {
      const approval = await store.approval(id)
      // Another server has done it meanwhile.
      if (approval?.state !== 'approved') return
      const { askedBy, decision } = approval
      const act = actOf(approval)
      if (act === undefined || decision === undefined) {
        log.error({ approval: id }, 'what was approved is not what is stored: it is not done')
        return await this.#settle(id, 'fail', { error: 'what is stored is not what was asked for' })
      }
      const hands = { askedBy, approval: { id, by: decision.by, at: decision.at } }
      await this.#settle(id, 'finish', await perform(act, hands))
    } catch (error) {
      if (!isFinal(error)) return log.warn({ err: error, approval: id }, 'approved, and not done yet')
      await this.#settle(id, 'fail', { error: error.message })
    }
  }

  async #settle(id: string, event: 'finish' | 'fail', outcome: Outcome): Promise<void> {
    await this.#deps.store.moveApproval(id, { from: 'approved', to: nextState('approved', event)!, outcome })
  }

  #isOver({ state, expiresAt }: ApprovalFacts): boolean {
    return state === 'asked' && expiresAt <= this.#deps.now()
  }

  async #expireAll(): Promise<void> {
    for (const approval of await this.#deps.store.approvals(['asked'], OPEN_APPROVALS_MAX))
      if (this.#isOver(approval)) await this.#expire(approval)
  }

  async #expire({ id, state }: ApprovalFacts): Promise<void> {
    await this.#deps.store.moveApproval(id, { from: state, to: 'expired' })
  }
}

/** It will not be otherwise the next time. Whatever else went wrong may go through at the next start. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'NOT_ERASABLE',
  'HELD',
  'ENTRY_UNKNOWN',
  'LEDGER_UNKNOWN',
  'LEDGER_CLOSED',
  'BAD_REQUEST',
  'DATA_DAMAGED', // somebody who asks again knows of it
])

function isFinal(error: unknown): error is TrailproofError {
  return error instanceof TrailproofError && FINAL.has(error.code)
}
