/** Finding records: searches with cursors, and the tables that a query's pipes make. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { seenRecord } from '../access/seen-record.ts'
import { findPage, QUERY_TIMEOUT_MS, untilIndexed } from '../search/find.ts'
import { runTablePipe, tablePipe } from '../search/run-pipes.ts'
import type { Services } from '../services.ts'
import { explainAnswer, searchAnswer } from './answers/record-answers.ts'
import { deny, ProblemError, readerOf } from './authorize.ts'
import { problem } from './problem.ts'
import { type QueryParameters, queryParameters } from './query-parameters.ts'
import { shapeRecords } from './shape-records.ts'
import { askedBy } from './sighted-query.ts'

/** Matches that are sorted; of more, the newest. */
const SORTED_MAX = 100_000

interface SearchQuerystring extends QueryParameters {
  readonly ledger?: string
  readonly limit: number
  readonly cursor?: string
  readonly order: 'newest' | 'oldest'
  readonly count?: boolean
  readonly min_index?: number
}

export const searchQuerystring = Type.Object({
  ledger: Type.Optional(Type.String({ description: 'Ledger name; default: the key’s.' })),
  ...queryParameters,
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
  cursor: Type.Optional(Type.String({ maxLength: 256, description: '`next` of the page before.' })),
  order: Type.Union([Type.Literal('newest'), Type.Literal('oldest')], {
    default: 'newest',
    description: 'In the ledger; `timestamp` only filters.',
  }),
  count: Type.Optional(
    Type.Boolean({ description: 'Count the matches too; `capped` says that there are at least so many.' }),
  ),
  min_index: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Wait until the entry at this index is indexed (at most 10 s).',
    }),
  ),
})

export function searchRoutes(app: FastifyInstance, services: Services): void {
  const search = async (request: Parameters<typeof readerOf>[0], parameters: SearchQuerystring) => {
    const { limit, cursor, order, count, min_index } = parameters
    const reader = readerOf(request, parameters.ledger, services)
    const { caller, view, sight } = reader
    const ledger = view.info.name
    const { filter, pipes, scope } = askedBy(reader, parameters, services)
    const pipe = tablePipe(pipes)
    const sort = pipes.findLast(({ kind }) => kind === 'sort')
    if ((pipe || sort) && cursor !== undefined)
      throw new ProblemError(problem('bad-request', 'cursor: a table or a sorted answer has one page only'))
    if (pipe || sort) await untilIndexed(services.ledgers, view, min_index)
    if (pipe) {
      const { sampled = null, ...table } = await runTablePipe(pipe, { ledger, filter, sight }, services)
      return { ledger, ...table, sampled, indexed_size: view.indexedSize, size: view.size }
    }
    if (sort?.kind === 'sort') {
      const query = { ledger, filter, nowMs: services.now(), timeoutMs: QUERY_TIMEOUT_MS, limit }
      const { field, descending } = sort
      const sorted = await services.searcher.sorted({ ...query, field, descending, matchesMax: SORTED_MAX })
      return {
        ledger,
        indexed_size: sorted.indexedSize,
        size: view.size,
        records: shapeRecords(
          sorted.entries.map((entry) => seenRecord(ledger, entry, sight)),
          pipes,
        ),
        next: null,
        complete: sorted.complete,
        // All of them were found to sort them: said unasked, since there is no next page to say that there is more.
        total: { count: sorted.matched, capped: !sorted.complete },
      }
    }
    const page = await findPage(services, {
      view,
      sight,
      callerId: caller.id,
      filter,
      scope,
      order,
      limit,
      ...(cursor !== undefined && { cursor }),
      ...(min_index !== undefined && { minIndex: min_index }),
      ...(count !== undefined && { count }),
    })
    return {
      ledger,
      indexed_size: page.indexedSize,
      size: view.size,
      records: shapeRecords(page.records, pipes),
      next: page.next ?? null,
      complete: page.complete,
      ...(page.total && { total: page.total }),
      took_ms: Math.round(page.tookMs * 10) / 10,
    }
  }

  const schema = {
    tags: ['read'],
    summary: 'Records that a query finds, in ledger order; or the table that its pipes make.',
    querystring: searchQuerystring,
    response: { 200: searchAnswer },
  }
  app.get<{ Querystring: SearchQuerystring }>(
    '/v1/search',
    { config: { reads: 'search', viewers: true }, schema },
    (request) => search(request, request.query),
  )
  app.post<{ Body: SearchQuerystring }>(
    '/v1/search',
    {
      config: { reads: 'search', viewers: true },
      schema: {
        tags: ['read'],
        summary: 'As GET, for queries too long for a URL.',
        body: { ...searchQuerystring, additionalProperties: false },
        response: { 200: searchAnswer },
      },
    },
    (request) => search(request, request.body),
  )
  app.get<{ Querystring: SearchQuerystring }>(
    '/logs',
    {
      config: { reads: 'search' },
      schema: { ...schema, summary: 'As /v1/search, under the name that logging clients ask for.' },
    },
    (request) => search(request, request.query),
  )
  app.get<{ Querystring: SearchQuerystring }>(
    '/v1/search/explain',
    {
      schema: {
        ...schema,
        summary: 'How a query is answered: what is looked up, and what is compared.',
        response: { 200: explainAnswer },
      },
    },
    async (request) => {
      const reader = readerOf(request, request.query.ledger, services)
      const ledger = reader.view.info.name
      if (reader.sight.rows !== undefined)
        throw deny(reader, 'read', 'how a query is answered tells of records that you do not see')
      const { filter, pipes } = askedBy(reader, request.query, services)
      const steps = await services.searcher.explain({ ledger, filter, nowMs: services.now() })
      return { ledger, filter: filter ?? null, pipes, steps }
    },
  )
}
