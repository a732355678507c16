/** Looking after quarantined records: list, inspect, replay, discard. */
import { parseBody } from '@trailproof/core'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { type AcceptDeps, accept } from '../accept.ts'
import { may } from '../access/administration.ts'
import { type Sight, seesWhole } from '../access/sight.ts'
import type { QuarantinedRecord } from '../directory/directory.ts'
import { countStatuses, formatAnswer } from '../receivers/receipts.ts'
import type { Services } from '../services.ts'
import { EMPTY } from './answers/answer.ts'
import { ingestAnswer, quarantineAnswer, quarantinedAnswer } from './answers/ingest-answers.ts'
import { recordBody } from './answers/record-body.ts'
import { callerOf, credentialsOf, noteDenial, ProblemError, readerOf } from './authorize.ts'
import { problem, sendProblem } from './problem.ts'

const idParams = Type.Object({ id: Type.String() })

export function quarantineRoutes(app: FastifyInstance, services: Services, deps: AcceptDeps): void {
  const { ledgers, directory } = services
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
      const { view: of, sight } = readerOf(request, ledger, services, 'quarantine')
      const { name } = of.info
      const records = await directory.quarantined(name, after, limit)
      return {
        ledger: name,
        total: await directory.quarantineSizeOf(name),
        records: records.map((record) => shown(record, sight)),
      }
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
    async (request) => {
      const { record, sight } = await find(request.params.id, request)
      return shown(record, sight)
    },
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
      const { id, ledger, source } = (await find(request.params.id, request)).record
      const text = request.body ? JSON.stringify(request.body) : source
      const accepted = await accept(
        {
          credentials: credentialsOf(request),
          onDenied: (denied) => noteDenial(request, services, denied),
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
      const { id } = (await find(request.params.id, request)).record
      await directory.discard(id)
      return reply.code(204).send()
    },
  )

  async function find(
    id: string,
    request: Parameters<typeof callerOf>[0],
  ): Promise<{ record: QuarantinedRecord; sight: Sight }> {
    const caller = callerOf(request, services, 'quarantine')
    const record = await directory.quarantinedRecord(id)
    // Of another ledger's it is not said that they are there.
    if (!record || !may(caller, 'quarantine', record.ledger, ledgers))
      throw new ProblemError(
        problem('not-found', `there is no quarantined record ${id.slice(0, 100)} for this key to see`),
      )
    return { record, sight: readerOf(request, record.ledger, services, 'quarantine').sight }
  }
}

/** Who sees no personal data sees where a record is wrong: its text, and messages that quote it, are masked. */
function shown(
  { id, ledger, receivedAt, keyPrefix, problems, source }: QuarantinedRecord,
  sight: Sight,
): unknown {
  const where = { id, ledger, received_at: new Date(receivedAt).toISOString(), key: keyPrefix }
  if (seesWhole(sight)) return { ...where, problems, source }
  const places = problems.map((each) => {
    const { field, code } = each as { field?: unknown; code?: unknown } // as they were told to the sender
    return { field, code, message: 'masked' }
  })
  return { ...where, problems: places, source: null, masked: ['personal'] }
}
