/** Reading records: by id, by trace, by search. */
import { decodeUuid, type RecordView } from '@trailproof/core'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { LedgerView } from '../ledger/ledger-table.ts'
import { SEARCH_FIELDS } from '../search/indexed-fields.ts'
import type { Services } from '../services.ts'
import { ProblemError, readerOf } from './authorize.ts'
import { formatCursor, readCursor } from './cursor.ts'
import { problem } from './problem.ts'
import { recordView } from './record-view.ts'
import { type SearchParameters, searchQueryOf } from './search-query.ts'

/** Records of one trace in one answer; more are said to be there. */
const TRACE_RECORDS_MAX = 1000
const MIN_INDEX_WAIT_MS = 10_000

const ledgerQuery = Type.Object({
  ledger: Type.Optional(Type.String({ description: 'Ledger name; default: the key’s.' })),
})
const searchQuerystring = Type.Object({
  ...ledgerQuery.properties,
  q: Type.Optional(
    Type.String({
      maxLength: 4096,
      description: 'Words `field:value`; `*` at the end of a value asks for a prefix.',
    }),
  ),
  from: Type.Optional(Type.String({ description: 'Not before this time (RFC 3339).' })),
  to: Type.Optional(Type.String({ description: 'Before this time (RFC 3339).' })),
  last: Type.Optional(Type.String({ description: 'Instead of from: 30s, 15m, 24h, 7d, 4w.' })),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
  cursor: Type.Optional(Type.String({ description: '`next` of the page before.' })),
  min_index: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Wait until the entry at this index is indexed (at most 10 s).',
    }),
  ),
  ...Object.fromEntries(SEARCH_FIELDS.map((field) => [field, Type.Optional(Type.String())])),
})

export function readRoutes(app: FastifyInstance, services: Services): void {
  const { reader, ledgers, cursorKey, now } = services

  app.get<{ Params: { id: string }; Querystring: { ledger?: string } }>(
    '/v1/events/:id',
    {
      schema: {
        tags: ['read'],
        summary: 'One record by its id, read from the ledger itself.',
        params: Type.Object({ id: Type.String() }),
        querystring: ledgerQuery,
      },
    },
    async (request) => {
      const { view } = readerOf(request, request.query.ledger, services)
      const id = decodeUuid(request.params.id.toLowerCase())
      if (!id)
        throw new ProblemError(
          problem('bad-request', 'the id is not a UUID; search by source_id is not an id'),
        )
      const index = await reader.find(view.info.name, id)
      // What is committed but not yet locked was not acknowledged, and is not shown.
      if (index === undefined || index >= view.size)
        throw new ProblemError(
          problem('not-found', `ledger ${view.info.name} has no record ${request.params.id}`),
        )
      return (await recordsAt(view, [index]))[0]
    },
  )

  app.get<{ Params: { trace_id: string }; Querystring: { ledger?: string } }>(
    '/v1/trails/:trace_id',
    {
      schema: {
        tags: ['read'],
        summary: 'All records of one trace, oldest first.',
        params: Type.Object({ trace_id: Type.String() }),
        querystring: ledgerQuery,
      },
    },
    async (request) => {
      const { view } = readerOf(request, request.query.ledger, services)
      const { trace_id } = request.params
      const page = await reader.search({
        ledger: view.info.name,
        query: { conditions: [{ field: 'trace_id', value: trace_id, prefix: false }] },
        from: 0,
        limit: TRACE_RECORDS_MAX + 1,
      })
      if (page.indexes.length === 0)
        throw new ProblemError(
          problem('not-found', `ledger ${view.info.name} has no record of trace ${trace_id}`),
        )
      const records = await recordsAt(view, page.indexes.slice(0, TRACE_RECORDS_MAX))
      return { trace_id, ledger: view.info.name, records, complete: page.indexes.length <= TRACE_RECORDS_MAX }
    },
  )

  app.get<{
    Querystring: SearchParameters & { ledger?: string; limit: number; cursor?: string; min_index?: number }
  }>(
    '/v1/search',
    {
      schema: {
        tags: ['read'],
        summary: 'Records by field and time, newest in the ledger first.',
        querystring: searchQuerystring,
      },
    },
    async (request) => {
      const { ledger, limit, cursor, min_index } = request.query
      const { caller, view } = readerOf(request, ledger, services)
      const { name } = view.info
      const query = searchQueryOf(request.query, now())
      // `last` is relative to now: a page that follows must be of the same query all the same.
      const { from, to, last, q } = request.query
      const words = JSON.stringify([query.conditions, q, from, to, last])
      const scope = { ledger: name, query: words, keyPrefix: caller.keyPrefix }
      const before = cursor === undefined ? undefined : readCursor(cursorKey, scope, cursor)
      if (cursor !== undefined && before === undefined)
        throw new ProblemError(problem('bad-request', 'the cursor belongs to another query, ledger or key'))
      if (min_index !== undefined && !(await ledgers.indexReached(name, min_index + 1, MIN_INDEX_WAIT_MS)))
        throw new ProblemError(
          problem(
            'overloaded',
            `index ${min_index} is not indexed yet; search stands at ${view.indexedSize}`,
          ),
        )
      const page = await reader.search({
        ledger: name,
        query,
        limit,
        ...(before === undefined ? {} : { before }),
      })
      const records = await recordsAt(view, page.indexes)
      const full = page.indexes.length === limit
      return {
        ledger: name,
        indexed_size: page.indexedSize,
        size: view.size,
        records,
        next: full ? formatCursor(cursorKey, scope, page.indexes.at(-1)!) : null,
      }
    },
  )

  async function recordsAt({ info }: LedgerView, indexes: readonly number[]): Promise<RecordView[]> {
    const entries = await reader.entriesAt(info.name, indexes)
    return entries.map((entry) => recordView(info.name, entry))
  }
}
