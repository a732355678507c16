/** Reading records from the ledger itself: one by its id, and all of a trace. */
import { decodeUuid, type RecordView } from '@trailproof/core'
import { formatFilter } from '@trailproof/core/query'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { seenRecord } from '../access/seen-record.ts'
import { causalTree } from '../search/causal-tree.ts'
import { entryFilter } from '../search/entry-filter.ts'
import { QUERY_TIMEOUT_MS } from '../search/find.ts'
import type { Services } from '../services.ts'
import { aRecord, trailAnswer } from './answers/record-answers.ts'
import { ProblemError, type Reader, readerOf } from './authorize.ts'
import { problem } from './problem.ts'
import { withinSight } from './sighted-query.ts'

/** Records of one trace in one answer; more are said to be there. */
const TRACE_RECORDS_MAX = 1000

const ledgerQuery = Type.Object({
  ledger: Type.Optional(Type.String({ description: 'Ledger name; default: the key’s.' })),
})

export function readRoutes(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { id: string }; Querystring: { ledger?: string } }>(
    '/v1/events/:id',
    {
      config: { reads: 'view', viewers: true },
      schema: {
        tags: ['read'],
        summary: 'One record by its id, read from the ledger itself.',
        params: Type.Object({ id: Type.String() }),
        querystring: ledgerQuery,
        response: { 200: aRecord },
      },
    },
    async (request) => {
      const reader = readerOf(request, request.query.ledger, services)
      return await recordById(reader, request.params.id, services)
    },
  )

  app.get<{ Params: { trace_id: string }; Querystring: { ledger?: string } }>(
    '/v1/trails/:trace_id',
    {
      config: { reads: 'trail' },
      schema: {
        tags: ['read'],
        summary: 'All records of one trace, oldest first, and as a tree of what led to what.',
        params: Type.Object({ trace_id: Type.String() }),
        querystring: ledgerQuery,
        response: { 200: trailAnswer },
      },
    },
    async (request) => {
      const reader = readerOf(request, request.query.ledger, services)
      const { view, sight } = reader
      const { trace_id } = request.params
      const { name } = view.info
      const page = await services.searcher.search({
        ledger: name,
        filter: withinSight(
          { kind: 'field', field: 'trace_id', test: { op: 'equals', value: trace_id } },
          reader,
        ),
        nowMs: services.now(),
        order: 'oldest',
        limit: TRACE_RECORDS_MAX,
        timeoutMs: QUERY_TIMEOUT_MS,
      })
      if (page.entries.length === 0)
        throw new ProblemError(problem('not-found', `ledger ${name} has no record of trace ${trace_id}`))
      const records = page.entries.map((entry) => seenRecord(name, entry, sight))
      const complete = page.complete && page.next === undefined
      return { trace_id, ledger: name, records, tree: causalTree(records), complete }
    },
  )
}

/** Producers have ids of their own, which are kept beside ours. */
function notAnId(text: string): string {
  const value = text.slice(0, 100)
  const query = formatFilter({ kind: 'field', field: 'source_id', test: { op: 'equals', value } })
  return `${value} is not a UUID; a foreign id is found with ${query}`
}

/** The record of an id; throws the problem when there is none. */
export async function recordById(
  { view, sight }: Pick<Reader, 'view' | 'sight'>,
  text: string,
  { reader, now }: Pick<Services, 'reader' | 'now'>,
): Promise<RecordView> {
  const { name } = view.info
  const id = decodeUuid(text.toLowerCase())
  if (!id) throw new ProblemError(problem('bad-request', notAnId(text)))
  const index = await reader.find(name, id)
  // What is committed but not yet locked was not acknowledged, and is not shown.
  const [entry] = index === undefined || index >= view.size ? [] : await reader.entriesAt(name, [index])
  if (entry && !entry.core)
    throw new ProblemError(
      problem(
        'not-found',
        `record ${text} was destroyed; its leaf is entry ${entry.index} of ledger ${name}`,
      ),
    )
  // What is outside of a caller's rows is not there for them.
  if (!entry || !entryFilter(sight.rows, now())(entry))
    throw new ProblemError(problem('not-found', `ledger ${name} has no record ${text}`))
  return seenRecord(name, entry, sight)
}
