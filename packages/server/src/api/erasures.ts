/** Erasing personal data for ever: of records by their ids, or of somebody in all that is kept. Proofs stay valid. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { may } from '../access/administration.ts'
import { SUBJECT_RECORDS_MAX } from '../erasure/erase-subject.ts'
import { assertNotHeld, eraseSomeOf, performAct, placesOf } from '../erasure/perform-act.ts'
import type { Services } from '../services.ts'
import { erasureAnswer, subjectErasureAnswer } from './answers/admin-answers.ts'
import { askedAnswer } from './answers/approval-answers.ts'
import { askForApproval } from './approvals.ts'
import { keeperOf, type Reader } from './authorize.ts'

const why = {
  ledger: Type.Optional(Type.String()),
  authority: Type.String({
    minLength: 1,
    maxLength: 1000,
    description: 'Who or what law asks for it; kept for ever.',
  }),
  reason: Type.String({ minLength: 1, maxLength: 1000, description: 'Kept for ever.' }),
}
const erasureBody = Type.Object(
  {
    ...why,
    ids: Type.Array(Type.String(), {
      minItems: 1,
      maxItems: 1000,
      description: 'Records whose personal group is erased.',
    }),
  },
  { additionalProperties: false },
)
const subjectBody = Type.Object(
  {
    ...why,
    subject: Type.Object(
      {
        id: Type.String({
          minLength: 1,
          maxLength: 512,
          description: 'As in actor.id, actor.on_behalf_of and targets[].id, letter by letter.',
        }),
        type: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 512,
            description: 'Of that type alone; default: whatever its type.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

interface Why {
  readonly ledger?: string
  readonly authority: string
  readonly reason: string
}

export function erasureRoutes(app: FastifyInstance, services: Services): void {
  const { ledgers, settings } = services
  const tags = ['admin']
  const takesTwo = settings.approvals === 'two'

  app.post<{ Body: Why & { ids: string[] } }>(
    '/v1/erasures',
    {
      schema: {
        tags,
        summary:
          'Erases the personal group of records for ever, once somebody else has approved it; proofs stay valid.',
        body: erasureBody,
        response: { 200: erasureAnswer, 202: askedAnswer },
      },
    },
    async (request, reply) => {
      const { ids, authority, reason } = request.body
      const { caller, ...reached } = reachedBy(request, services)
      const act = { kind: 'erasure', ...reached, ids, authority, reason } as const
      if (takesTwo) {
        await assertNotHeld(await placesOf(act, services), services)
        return await askForApproval(request, reply, caller, act, services)
      }
      const erased = await performAct(act, { askedBy: caller }, services, request)
      return { ...erased, checkpoint: ledgers.get(act.ledger)!.checkpoint }
    },
  )

  app.post<{ Body: Why & { subject: { id: string; type?: string } } }>(
    '/v1/erasures/subject',
    {
      schema: {
        tags,
        summary: `Erases all records of somebody, what was asked about them, and what of them is in quarantine and saved searches, once somebody else has approved it; where it takes one alone, at most ${SUBJECT_RECORDS_MAX} records a call.`,
        body: subjectBody,
        response: { 200: subjectErasureAnswer, 202: askedAnswer },
      },
    },
    async (request, reply) => {
      const { authority, reason, subject } = request.body
      const { caller, ...reached } = reachedBy(request, services)
      const act = { kind: 'subject-erasure', ...reached, subject, authority, reason } as const
      if (takesTwo) return await askForApproval(request, reply, caller, act, services)
      const { outcome } = await eraseSomeOf(act, { askedBy: caller }, services, request)
      return { ...outcome, checkpoint: ledgers.get(act.ledger)!.checkpoint }
    },
  )
}

/** The open ledger that was asked for, and those that it has succeeded of which the caller may erase, too. */
function reachedBy(
  request: FastifyRequest<{ Body: Why }>,
  services: Services,
): { readonly caller: Reader['caller']; readonly ledger: string; readonly predecessors?: readonly string[] } {
  const { caller, view } = keeperOf(request, request.body.ledger, services, 'erase', 'write')
  const { ledgers } = services
  const ledger = view.info.name
  const predecessors = ledgers
    .chainOf(ledger)
    .map(({ info }) => info.name)
    .filter((name) => name !== ledger && may(caller, 'erase', name, ledgers))
  return { caller, ledger, ...(predecessors.length > 0 && { predecessors }) }
}
