/** What takes two: one asks, another decides, the server does it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { may } from '../access/administration.ts'
import { type Act, actOf, ledgersOf, PERMISSION_FOR } from '../approvals/act.ts'
import { APPROVAL_STATES, type ApprovalState } from '../approvals/approval-state.ts'
import type { ApprovalFacts, StoredApproval } from '../approvals/approval-store.ts'
import type { DecisionAnswer, DecisionRefusal } from '../approvals/approvals.ts'
import type { Services } from '../services.ts'
import { approvalAnswer, approvalFacts, approvalsAnswer } from './answers/approval-answers.ts'
import { callerOf, noteDenial, ProblemError } from './authorize.ts'
import { problem } from './problem.ts'
import { recordChange } from './record-changes.ts'

type Caller = ReturnType<typeof callerOf>

const idParams = Type.Object({ id: Type.String() })
const reason = Type.String({
  minLength: 1,
  maxLength: 1000,
  description: 'Why; recorded with the accesses of the ledger.',
})
const decisionBody = Type.Object({ reason }, { additionalProperties: false })
const approveBody = Type.Object(
  {
    reason,
    digest: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'Of what was looked at (GET /v1/approvals/{id}).',
    }),
  },
  { additionalProperties: false },
)
interface Decided {
  readonly Params: { readonly id: string }
  readonly Body: { readonly reason: string; readonly digest: string }
}

/** Keeps what is asked for until somebody else decides. The answer says under which id. */
export async function askForApproval(
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
  act: Act,
  services: Services,
): Promise<FastifyReply> {
  const approval = await services.approvals.ask(act, caller)
  await recordDecision(request, caller, 'asked', approval, {}, services)
  return reply.code(202).send({ approval: factsView(approval) })
}

export function approvalRoutes(app: FastifyInstance, services: Services): void {
  const { approvals, ledgers, accessLog } = services
  const tags = ['admin']

  app.get<{ Querystring: { ledger?: string; state?: ApprovalState; limit: number } }>(
    '/v1/approvals',
    {
      schema: {
        tags,
        summary: 'What was asked for and takes two, the newest first.',
        querystring: Type.Object({
          ledger: Type.Optional(Type.String()),
          state: Type.Optional(Type.Union(APPROVAL_STATES.map((state) => Type.Literal(state)))),
          limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
        }),
        response: { 200: approvalsAnswer },
      },
    },
    async (request) => {
      const caller = callerOf(request, services)
      const { ledger, state, limit } = request.query
      const all = await approvals.list(state ? [state] : APPROVAL_STATES, 10 * limit)
      const seen = all.filter(
        (each) => isSeen(each, caller) && (ledger === undefined || each.ledger === ledger),
      )
      return { approvals: seen.slice(0, limit).map(factsView) }
    },
  )

  app.get<{ Params: { id: string } }>(
    '/v1/approvals/:id',
    {
      schema: {
        tags,
        summary: 'One of them, with what exactly is asked for.',
        params: idParams,
        response: { 200: approvalAnswer },
      },
    },
    async (request) => {
      const caller = callerOf(request, services)
      const approval = await find(request.params.id, caller)
      await accessLog.read({
        ledger: approval.ledger,
        caller,
        action: 'approval',
        ip: request.ip,
        requestId: request.id,
        target: { type: 'approval', id: approval.id },
        asked: {},
      })
      return { ...factsView(approval), request: approval.request === '' ? null : (actOf(approval) ?? null) }
    },
  )

  app.post<Decided>(
    '/v1/approvals/:id/approve',
    {
      schema: {
        tags,
        summary: 'Approves what somebody else asks for; the server does it at once.',
        params: idParams,
        body: approveBody,
        response: { 200: approvalFacts },
      },
    },
    async (request) => {
      const { id } = request.params
      const { digest, reason: why } = request.body
      const caller = callerOf(request, services, 'approve')
      const approval = await decidable(request, id, caller)
      const refused = (await approvals.refusalOfOwn(approval, caller)) ?? refusedNow(approval, digest)
      if (refused) {
        noteDenial(request, services, { ledger: approval.ledger, caller, permission: 'approve' })
        throw refusal(refused)
      }
      // Before it is done: who approved stands on record whatever comes of it.
      await recordDecision(request, caller, 'approve', approval, { reason: why }, services)
      return decided(await approvals.approve(id, digest, caller, why))
    },
  )

  app.post<Decided>(
    '/v1/approvals/:id/reject',
    {
      schema: {
        tags,
        summary: 'Rejects what somebody asks for; it is not done.',
        params: idParams,
        body: decisionBody,
        response: { 200: approvalFacts },
      },
    },
    async (request) => {
      const { id } = request.params
      const caller = callerOf(request, services, 'approve')
      const approval = await decidable(request, id, caller)
      await recordDecision(request, caller, 'reject', approval, { reason: request.body.reason }, services)
      return decided(await approvals.reject(id, caller, request.body.reason))
    },
  )

  app.post<Decided>(
    '/v1/approvals/:id/withdraw',
    {
      schema: {
        tags,
        summary: 'Takes back what one has asked for.',
        params: idParams,
        body: decisionBody,
        response: { 200: approvalFacts },
      },
    },
    async (request) => {
      const { id } = request.params
      const caller = callerOf(request, services)
      const approval = await find(id, caller)
      await recordDecision(request, caller, 'withdraw', approval, { reason: request.body.reason }, services)
      return decided(await approvals.withdraw(id, caller, request.body.reason))
    },
  )

  function isSeen({ ledger, askedBy }: ApprovalFacts, caller: Caller): boolean {
    return askedBy.id === caller.id || may(caller, 'approve', ledger, ledgers)
  }

  async function find(id: string, caller: Caller): Promise<StoredApproval> {
    const approval = await approvals.get(id)
    if (approval && isSeen(approval, caller)) return approval
    // Of another ledger's it is not said that they are there.
    throw refusal({ kind: 'refused', reason: 'unknown' })
  }

  /** Who decides holds what it takes to do it, of every ledger that it reaches. */
  async function decidable(asking: FastifyRequest, id: string, caller: Caller): Promise<StoredApproval> {
    const approval = await find(id, caller)
    const { ledger, act } = approval
    const permission = PERMISSION_FOR[act as Act['kind']] // as it was asked for
    const request = actOf(approval)
    for (const reached of request ? ledgersOf(request) : [ledger])
      for (const each of ['approve', permission] as const)
        if (!may(caller, each, reached, ledgers)) {
          noteDenial(asking, services, { ledger: reached, caller, permission: each })
          throw new ProblemError(
            problem('forbidden', `who decides this needs the permission ${each} on ledger ${reached}`),
          )
        }
    return approval
  }
}

/** What is not even tried, and so not on record as an approval. */
function refusedNow({ state, digest }: ApprovalFacts, asked: string): DecisionRefusal | undefined {
  if (state !== 'asked') return { kind: 'refused', reason: 'settled', state }
  return digest === asked ? undefined : { kind: 'refused', reason: 'another-request' }
}

function decided(answer: DecisionAnswer): object {
  if (answer.kind === 'decided') return factsView(answer.approval)
  throw refusal(answer)
}

function refusal(refused: DecisionRefusal): ProblemError {
  switch (refused.reason) {
    case 'unknown':
      return new ProblemError(problem('not-found', 'there is no such approval for this key to see'))
    case 'settled':
      return new ProblemError(problem('settled', `it is ${refused.state} already`, { state: refused.state }))
    case 'own':
      return new ProblemError(problem('forbidden', 'who asks for it cannot approve it: somebody else does'))
    case 'same-person':
      return new ProblemError(
        problem(
          'forbidden',
          'one person is behind this key and the one that asks: who makes or rotates a key counts as who has it; somebody else approves',
        ),
      )
    case 'not-own':
      return new ProblemError(problem('forbidden', 'only who asked for it takes it back; reject it instead'))
    case 'another-request':
      return new ProblemError(
        problem('settled', 'the digest is not that of what is asked for: look at it again'),
      )
  }
}

/** Who asks, approves, rejects or takes back: with the ledger's accesses. What it names of people is not in it. */
function recordDecision(
  request: FastifyRequest,
  caller: Caller,
  event: 'asked' | 'approve' | 'reject' | 'withdraw',
  { id, ledger, act, digest, askedBy }: ApprovalFacts,
  more: Readonly<Record<string, unknown>>,
  services: Services,
): Promise<void> {
  return recordChange(services, request, caller, `approval.${event}`, {
    ledger,
    target: { type: 'approval', id },
    asked: { act, digest, asked_by: askedBy, ...more },
  })
}

function factsView(facts: ApprovalFacts): object {
  const { id, ledger, act, state, digest, askedBy, askedAt, expiresAt, decision, outcome } = facts
  return {
    id,
    ledger,
    act,
    state,
    digest,
    asked_by: askedBy,
    asked_at: timeOf(askedAt),
    expires_at: timeOf(expiresAt),
    decision: decision ? { ...decision, at: timeOf(decision.at) } : null,
    outcome: outcome ?? null,
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
