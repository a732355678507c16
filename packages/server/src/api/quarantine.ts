/** Looking after quarantined records: list, inspect, replay, discard. */
import { parseBody } from '@trailproof/core'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { type AcceptDeps, accept } from '../accept.ts'
import { administers } from '../access/administration.ts'
import type { QuarantinedRecord } from '../directory/directory.ts'
import { countStatuses, formatAnswer } from '../receivers/receipts.ts'
import type { Services } from '../services.ts'
import { EMPTY } from './answers/answer.ts'
import { ingestAnswer, quarantineAnswer, quarantinedAnswer } from './answers/ingest-answers.ts'
import { recordBody } from './answers/record-body.ts'
import { callerOf, ledgerOf, ProblemError, tokenOf } from './authorize.ts'
import { problem, sendProblem } from './problem.ts'

const idParams = Type.Object({ id: Type.String() })

export function quarantineRoutes(app: FastifyInstance, services: Services, deps: AcceptDeps): void {
  const { keys, ledgers, directory } = services
  const tags = ['quarantine']

  app.get<{ Querystring: { ledger?: string; after?: string; limit: number } }>(
    '/v1/quarantine',
    {
      schema: {
        tags,
        summary: 'Records that were not valid, oldest first.',
        querystring: Type.Object({
          ledger: Type.Optional(Type.String()),
          after: Type.Optional(Type.String({ description: 'Last id of the page before.' })),
          limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
        }),
        response: { 200: quarantineAnswer },
      },
    },
    async (request) => {
      const { ledger, after, limit } = request.query
      const { name } = ledgerOf(ledger, callerOf(request, keys, 'admin'), ledgers).info
      const records = await directory.quarantined(name, after, limit)
      return { ledger: name, total: await directory.quarantineSizeOf(name), records: records.map(view) }
    },
  )

  app.get<{ Params: { id: string } }>(
    '/v1/quarantine/:id',
    {
      schema: {
        tags,
        summary: 'One quarantined record with its text and what is wrong.',
        params: idParams,
        response: { 200: quarantinedAnswer },
      },
    },
    async (request) => view(await find(request.params.id, request)),
  )

  app.post<{ Params: { id: string }; Body: unknown }>(
    '/v1/quarantine/:id/replay',
    {
      schema: {
        tags,
        summary:
          'Records it after all: as it is (after a change of limits) or as the mended object in the body.',
        params: idParams,
        describedBody: recordBody,
        response: { 200: ingestAnswer },
      },
    },
    async (request, reply) => {
      const { id, ledger, source } = await find(request.params.id, request)
      const text = request.body ? JSON.stringify(request.body) : source
      const accepted = await accept(
        {
          token: tokenOf(request),
          ledger,
          read: (limits) => parseBody(Buffer.from(text), 'json', limits),
          idempotencyKey: `quarantine ${id}`,
        },
        deps,
      )
      if (accepted.kind !== 'accepted')
        throw new ProblemError(
          problem(
            'invalid-record',
            accepted.kind === 'unreadable' ? accepted.problem.message : accepted.kind,
          ),
        )
      const [outcome] = accepted.outcomes
      if (outcome?.kind !== 'appended')
        return sendProblem(
          reply,
          problem('invalid-record', 'it is still not valid', { problems: outcome?.problems }),
        )
      await directory.discard(id)
      return reply
        .type('application/json; charset=utf-8')
        .send(formatAnswer(accepted, countStatuses(accepted), {}))
    },
  )

  app.delete<{ Params: { id: string } }>(
    '/v1/quarantine/:id',
    {
      schema: { tags, summary: 'Destroys a quarantined record.', params: idParams, response: { 204: EMPTY } },
    },
    async (request, reply) => {
      const { id } = await find(request.params.id, request)
      await directory.discard(id)
      return reply.code(204).send()
    },
  )

  async function find(id: string, request: Parameters<typeof callerOf>[0]): Promise<QuarantinedRecord> {
    const caller = callerOf(request, keys, 'admin')
    const record = await directory.quarantinedRecord(id)
    // Of another ledger's it is not said that they are there.
    if (!record || !administers(caller, record.ledger, ledgers))
      throw new ProblemError(
        problem('not-found', `there is no quarantined record ${id.slice(0, 100)} for this key to see`),
      )
    return record
  }
}

function view({ id, ledger, receivedAt, keyPrefix, problems, source }: QuarantinedRecord): unknown {
  return { id, ledger, received_at: new Date(receivedAt).toISOString(), key: keyPrefix, problems, source }
}
