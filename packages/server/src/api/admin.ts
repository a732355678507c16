/** Administration of ledgers: making and deleting them, the index. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { chooseLedger } from '../access/choose-ledger.ts'
import { assertDeletable } from '../erasure/delete-ledger.ts'
import { performAct } from '../erasure/perform-act.ts'
import { ledgerNameProblem } from '../ledger/ledger-name.ts'
import type { LedgerView } from '../ledger/ledger-table.ts'
import type { Services } from '../services.ts'
import { deletionAnswer, ledgerAnswer, ledgersAnswer, rebuildAnswer } from './answers/admin-answers.ts'
import { askedAnswer } from './answers/approval-answers.ts'
import { askForApproval } from './approvals.ts'
import { callerOf, keeperOf, ProblemError, readerOf, wholeOf } from './authorize.ts'
import { problem } from './problem.ts'
import { recordChange } from './record-changes.ts'

const newLedgerBody = Type.Object({ name: Type.String() }, { additionalProperties: false })
const text = (description: string) => Type.String({ minLength: 1, maxLength: 1000, description })
const why = {
  authority: text('Who or what law asks for it; kept for ever.'),
  reason: text('Kept for ever: name nobody.'),
}

export function adminRoutes(app: FastifyInstance, services: Services): void {
  const { ledgers, writer, indexer, settings } = services
  const tags = ['admin']

  app.get(
    '/v1/ledgers',
    { schema: { tags, summary: 'The ledgers this key can read.', response: { 200: ledgersAnswer } } },
    (request) => {
      const caller = callerOf(request, services, 'read')
      const readable = ledgers
        .all()
        .filter(({ info }) => chooseLedger(info.name, caller, 'read', ledgers).kind === 'ledger')
      return { ledgers: readable.map(ledgerView) }
    },
  )

  app.get<{ Params: { name: string } }>(
    '/v1/ledgers/:name',
    {
      schema: {
        tags: ['evidence'],
        summary: 'One ledger: size, checkpoint, and the verifier keys to pin.',
        params: Type.Object({ name: Type.String() }),
        response: { 200: ledgerAnswer },
      },
    },
    (request) => {
      return ledgerView(readerOf(request, request.params.name, services).view)
    },
  )

  app.post<{ Body: { name: string } }>(
    '/v1/ledgers',
    {
      schema: {
        tags,
        summary: 'Makes a ledger with its own tree, key and access.',
        body: newLedgerBody,
        response: { 201: ledgerAnswer },
      },
    },
    async (request, reply) => {
      const caller = wholeOf(request, services, 'make-ledgers')
      const { name } = request.body
      const wrong = ledgerNameProblem(name)
      if (wrong) throw new ProblemError(problem('bad-request', wrong))
      if (ledgers.get(name))
        throw new ProblemError(problem('ledger-exists', `there is already a ledger ${name}`))
      const view = ledgers.add(await writer.createLedger(name))
      await recordChange(services, request, caller, 'ledger.created', {
        ledger: name,
        target: { type: 'ledger', id: name },
        asked: {},
      })
      return reply.code(201).send(ledgerView(view))
    },
  )

  app.delete<{ Params: { name: string }; Querystring: { authority: string; reason: string } }>(
    '/v1/ledgers/:name',
    {
      schema: {
        tags,
        summary:
          'Erases all that a ledger holds and closes it for ever, once somebody else has approved it; proofs stay valid.',
        params: Type.Object({ name: Type.String() }),
        querystring: Type.Object(why),
        response: { 200: deletionAnswer, 202: askedAnswer },
      },
    },
    async (request, reply) => {
      const { authority, reason } = request.query
      const { caller, view } = keeperOf(request, request.params.name, services, 'delete-ledger')
      const { name, state } = view.info
      const predecessors = ledgers.predecessorsOf(name).map(({ info }) => info.name)
      for (const before of predecessors) keeperOf(request, before, services, 'delete-ledger')
      const act = { kind: 'ledger-deletion', ledger: name, predecessors, authority, reason } as const
      if (settings.approvals === 'two') {
        await assertDeletable(name, services)
        return await askForApproval(request, reply, caller, act, services)
      }
      if (state.kind !== 'deleted') await assertDeletable(name, services)
      const deleted = await performAct(act, { askedBy: caller }, services, request)
      return { ...deleted, checkpoint: ledgers.get(name)!.checkpoint }
    },
  )

  app.post<{ Params: { name: string } }>(
    '/v1/ledgers/:name/index/rebuild',
    {
      schema: {
        tags,
        summary: 'Builds the search index again from the ledger; searches find less until it has caught up.',
        params: Type.Object({ name: Type.String() }),
        response: { 202: rebuildAnswer },
      },
    },
    async (request, reply) => {
      const { info, size } = keeperOf(request, request.params.name, services, 'rebuild-index').view
      await indexer.rebuild(info.name)
      return reply.code(202).send({ ledger: info.name, size })
    },
  )
}

function ledgerView({ info, size, checkpoint, indexedSize }: LedgerView): unknown {
  return {
    name: info.name,
    origin: info.origin,
    state: info.state,
    size,
    indexed_size: indexedSize,
    checkpoint,
    verifier_keys: info.verifierKey === '' ? [] : [info.verifierKey],
  }
}
