/** What happened to a target, what an actor did, and what happened around a record. */
import type { RecordView } from '@trailproof/core'
import { allOf, type Filter } from '@trailproof/core/query'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { seenRecord } from '../access/seen-record.ts'
import { findPage, QUERY_TIMEOUT_MS } from '../search/find.ts'
import type { Services } from '../services.ts'
import { actorHistoryAnswer, contextAnswer, targetHistoryAnswer } from './answers/record-answers.ts'
import { ProblemError, readerOf } from './authorize.ts'
import { problem } from './problem.ts'
import { filterOnly, type QueryParameters, queryParameters } from './query-parameters.ts'
import { recordById } from './read.ts'
import { askedBy, assertSeen, withinSight } from './sighted-query.ts'

interface HistoryQuerystring extends QueryParameters {
  readonly ledger?: string
  readonly limit: number
  readonly cursor?: string
}

const ledger = Type.Optional(Type.String({ description: 'Ledger name; default: the key’s.' }))
const historyQuerystring = Type.Object({
  ledger,
  ...queryParameters,
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
  cursor: Type.Optional(Type.String({ maxLength: 256, description: '`next` of the page before.' })),
})
const CONTEXT_MAX = 200

/** What records around one may have in common with it. */
const IN_COMMON = {
  actor: ({ actor }: RecordView) => is('actor.id', actor?.id),
  target: ({ targets }: RecordView) => is('targets.id', targets?.[0]?.id),
  session: ({ session_id }: RecordView) => is('session_id', session_id),
  ip: ({ source }: RecordView) => is('source.ip', source?.ip),
  trace: ({ trace_id }: RecordView) => is('trace_id', trace_id),
  service: ({ service }: RecordView) => is('service', service),
} as const

export function historyRoutes(app: FastifyInstance, services: Services): void {
  const { searcher, now } = services
  const tags = ['read']

  app.get<{ Params: { type: string; id: string }; Querystring: HistoryQuerystring }>(
    '/v1/targets/:type/:id/history',
    {
      config: { reads: 'history' },
      schema: {
        tags,
        summary: 'What was done to a target and how it changed, what was recorded last first.',
        params: Type.Object({ type: Type.String(), id: Type.String() }),
        querystring: historyQuerystring,
        response: { 200: targetHistoryAnswer },
      },
    },
    async (request) => {
      const { type, id } = request.params
      const filter = allOf([is('targets.type', type)!, is('targets.id', id)!])
      const page = await history(request, filter)
      // Type and id may have matched two targets of one record.
      const records = page.records.filter(({ targets }) =>
        targets?.some((target) => sameText(target.type, type) && sameText(target.id, id)),
      )
      return { ...page, target: { type, id }, records: undefined, history: records.map(step) }
    },
  )

  app.get<{ Params: { id: string }; Querystring: HistoryQuerystring }>(
    '/v1/actors/:id/history',
    {
      config: { reads: 'history' },
      schema: {
        tags,
        summary: 'What an actor did, what was recorded last first.',
        params: Type.Object({ id: Type.String() }),
        querystring: historyQuerystring,
        response: { 200: actorHistoryAnswer },
      },
    },
    async (request) => {
      const page = await history(request, is('actor.id', request.params.id)!)
      return {
        ...page,
        actor: { id: request.params.id },
        records: undefined,
        history: page.records.map(step),
      }
    },
  )

  async function history(request: FastifyRequest<{ Querystring: HistoryQuerystring }>, of: Filter) {
    const { limit, cursor } = request.query
    const reader = readerOf(request, request.query.ledger, services)
    const { caller, view, sight } = reader
    const subject = withinSight(of, reader)!
    const filter = filterOnly(askedBy(reader, request.query, services), 'a history')
    const whole = filter ? allOf([subject, filter]) : subject
    const page = await findPage(services, {
      view,
      sight,
      callerId: caller.id,
      filter: whole,
      scope: `history ${JSON.stringify(whole)}`,
      order: 'newest',
      limit,
      ...(cursor !== undefined && { cursor }),
    })
    return {
      ledger: view.info.name,
      indexed_size: page.indexedSize,
      records: page.records,
      next: page.next ?? null,
      complete: page.complete,
    }
  }

  app.get<{
    Params: { id: string }
    Querystring: { ledger?: string; before: number; after: number; by?: keyof typeof IN_COMMON }
  }>(
    '/v1/events/:id/context',
    {
      config: { reads: 'context' },
      schema: {
        tags,
        summary:
          'The records before and after one, of the whole ledger or of the same actor, target, session …',
        params: Type.Object({ id: Type.String() }),
        querystring: Type.Object({
          ledger,
          before: Type.Integer({ minimum: 0, maximum: CONTEXT_MAX, default: 20 }),
          after: Type.Integer({ minimum: 0, maximum: CONTEXT_MAX, default: 20 }),
          by: Type.Optional(Type.Union(Object.keys(IN_COMMON).map((name) => Type.Literal(name)))),
        }),
        response: { 200: contextAnswer },
      },
    },
    async (request) => {
      const { before, after, by } = request.query
      const reader = readerOf(request, request.query.ledger, services)
      const { view, sight } = reader
      // Before the record is looked for: a refusal tells nothing of it.
      if (by) assertSeen([by], reader)
      const record = await recordById(reader, request.params.id, services)
      const common = by && IN_COMMON[by](record)
      if (by && !common) throw new ProblemError(problem('bad-request', `by: the record has no ${by}`))
      const filter = withinSight(common, reader)
      const query = { ledger: view.info.name, filter, nowMs: now(), timeoutMs: QUERY_TIMEOUT_MS }
      const [earlier, later] = await Promise.all([
        before > 0 && searcher.search({ ...query, order: 'newest', high: record.index, limit: before }),
        after > 0 && searcher.search({ ...query, order: 'oldest', low: record.index + 1, limit: after }),
      ])
      const viewsOf = (page: typeof earlier): RecordView[] =>
        page ? page.entries.map((entry) => seenRecord(view.info.name, entry, sight)) : []
      return {
        ledger: view.info.name,
        before: viewsOf(earlier).toReversed(),
        record,
        after: viewsOf(later),
        complete: (!earlier || earlier.complete) && (!later || later.complete),
      }
    },
  )
}

/** One step of a history: the record's core, and what it changed. */
function step({
  id,
  index,
  timestamp,
  recorded_at,
  action,
  outcome,
  service,
  actor,
  reason,
  message,
  changes,
  trace_id,
  erased,
  masked,
}: RecordView) {
  return {
    id,
    index,
    timestamp,
    recorded_at,
    action,
    outcome,
    service,
    actor,
    reason,
    message,
    trace_id,
    changes: changes ?? [],
    ...(erased && { erased }),
    ...(masked && { masked }),
  }
}

function is(field: string, value: string | null | undefined): Filter | undefined {
  return value === undefined || value === null || value === ''
    ? undefined
    : { kind: 'field', field, test: { op: 'equals', value } }
}

function sameText(a: string | null | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase()
}
