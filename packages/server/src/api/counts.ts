/** Counting records: by time, by the values of fields, and which fields and values there are. */
import { DURATION_SECONDS_MAX, parseDuration, QUERY_FIELDS } from '@trailproof/core/query'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { isSeen } from '../access/askable.ts'
import { seenEntry } from '../access/seen-record.ts'
import { QUERY_TIMEOUT_MS } from '../search/find.ts'
import { ranked } from '../search/run-pipes.ts'
import { shownRange, timeText } from '../search/shown-range.ts'
import { tallyWithin } from '../search/tally-within.ts'
import { BUCKETS_MAX, timeBuckets } from '../search/time-buckets.ts'
import { isTimeZone } from '../search/zone-clock.ts'
import type { Services } from '../services.ts'
import { facetsAnswer, fieldsAnswer, histogramAnswer, valuesAnswer } from './answers/count-answers.ts'
import { ProblemError, readerOf } from './authorize.ts'
import { openPaths } from './open-paths.ts'
import { problem } from './problem.ts'
import {
  countedFieldOf,
  countedFieldsOf,
  filterOnly,
  type QueryParameters,
  queryParameters,
} from './query-parameters.ts'
import { askedBy, assertSeen } from './sighted-query.ts'

/** Newest matches that are read for what the index does not count. */
const SAMPLE = 5000
const FACET_FIELDS_MAX = 16
const DEFAULT_FACETS = 'service,action,outcome,severity,actor,target_type,kind,environment'
/** Values of the histogram's field that have lines of their own; the others are one line. */
const LINES_MAX = 20

interface CountQuerystring extends QueryParameters {
  readonly ledger?: string
}

const countParameters = {
  ledger: Type.Optional(Type.String({ description: 'Ledger name; default: the key’s.' })),
  ...queryParameters,
}

export function countRoutes(app: FastifyInstance, services: Services): void {
  const { searcher, now } = services
  const tags = ['read']

  const asked = (request: Parameters<typeof readerOf>[0], parameters: CountQuerystring) => {
    const reader = readerOf(request, parameters.ledger, services)
    const { view, sight } = reader
    const filter = filterOnly(askedBy(reader, parameters, services), 'a count')
    const query = { ledger: view.info.name, filter, nowMs: now(), timeoutMs: QUERY_TIMEOUT_MS }
    return { reader, view, sight, query }
  }

  app.get<{
    Querystring: CountQuerystring & { buckets: number; step?: string; by?: string; tz: string }
  }>(
    '/v1/histogram',
    {
      config: { reads: 'histogram' },
      schema: {
        tags,
        summary: 'Matching records by time, in buckets that a clock has, also for each value of a field.',
        querystring: Type.Object({
          ...countParameters,
          buckets: Type.Integer({
            minimum: 1,
            maximum: BUCKETS_MAX,
            default: 60,
            description: 'About how many.',
          }),
          step: Type.Optional(
            Type.String({
              maxLength: 16,
              description:
                'Instead of buckets: how long one is, as 30s, 5m, 1h, 1d, 1w or in seconds. Shorter than a day it is time that passes, otherwise days of the calendar; weeks begin on Mondays.',
            }),
          ),
          by: Type.Optional(Type.String({ description: 'A field, such as outcome.' })),
          tz: Type.String({
            default: 'UTC',
            description: 'Time zone whose hours and days count, such as Europe/Berlin.',
          }),
        }),
        response: { 200: histogramAnswer },
      },
    },
    async (request) => {
      const { buckets, step, by, tz } = request.query
      const { reader, view, sight, query } = asked(request, request.query)
      if (!isTimeZone(tz)) throw bad(`tz: there is no time zone ${tz.slice(0, 100)}`)
      const field = by === undefined ? undefined : countedFieldOf(by)
      if (field !== undefined) assertSeen([field], reader)
      const stepSeconds = step === undefined ? undefined : stepOf(step)
      const { fromMs, toMs } = await shownRange(searcher, { ...query, sight })
      const made = timeBuckets({
        fromMs,
        toMs,
        buckets,
        zone: tz,
        ...(stepSeconds !== undefined && { stepMs: stepSeconds * 1000 }),
      })
      if (!made)
        throw bad(
          `step: ${stepSeconds} s would make more than ${BUCKETS_MAX} buckets from ${timeText(fromMs)} to ${timeText(toMs)}: take a longer step, or a narrower time`,
        )
      const { outside, ...tally } = await tallyWithin(searcher, {
        ...query,
        sample: SAMPLE,
        edges: made.edges,
        by: field === undefined ? [] : [field],
      })
      const lines = field === undefined ? [] : ranked(tally.by[field]!)
      return {
        ledger: query.ledger,
        indexed_size: view.indexedSize,
        from: timeText(fromMs),
        to: timeText(toMs),
        step_seconds: made.stepMs / 1000,
        before: outside.before,
        after: outside.after,
        buckets: made.edges.slice(0, -1).map((edge, i) => ({
          from: timeText(edge),
          to: timeText(made.edges[i + 1]!),
          count: tally.counts[i]!,
          ...(field !== undefined && {
            by: Object.fromEntries(
              lines
                .slice(0, LINES_MAX)
                .flatMap(({ value, counts }) => (counts[i]! > 0 ? [[value, counts[i]!]] : [])),
            ),
          }),
        })),
        ...(field !== undefined && {
          field,
          values: lines.slice(0, LINES_MAX).map(({ value, count }) => ({ value, count })),
          other_values: Math.max(0, lines.length - LINES_MAX),
        }),
        complete: tally.complete,
        sampled: tally.sampled ?? null,
      }
    },
  )

  app.get<{ Querystring: CountQuerystring & { fields: string; limit: number } }>(
    '/v1/facets',
    {
      config: { reads: 'facets' },
      schema: {
        tags,
        summary: 'The most frequent values of fields among the matching records.',
        querystring: Type.Object({
          ...countParameters,
          fields: Type.String({
            default: DEFAULT_FACETS,
            maxLength: 2000,
            description: `Up to ${FACET_FIELDS_MAX}, joined by commas.`,
          }),
          limit: Type.Integer({ minimum: 1, maximum: 100, default: 10 }),
        }),
        response: { 200: facetsAnswer },
      },
    },
    async (request) => {
      const { limit } = request.query
      const { reader, view, sight, query } = asked(request, request.query)
      const named = [...new Set(countedFieldsOf(request.query.fields))]
      // Those that nobody asked for are not refused.
      const fields =
        request.query.fields === DEFAULT_FACETS ? named.filter((field) => isSeen(field, sight)) : named
      assertSeen(fields, reader)
      if (fields.length > FACET_FIELDS_MAX)
        throw bad(`fields: at most ${FACET_FIELDS_MAX}, got ${fields.length}`)
      // Apart, so that one field that must be read from records does not make all of them samples.
      const facets = []
      for (const field of fields) {
        const tally = await searcher.tally({ ...query, sample: SAMPLE, edges: [], by: [field] })
        const lines = ranked(tally.by[field]!)
        facets.push({
          field,
          values: lines.slice(0, limit).map(({ value, count }) => ({ value, count })),
          distinct: lines.length,
          complete: tally.complete,
          sampled: tally.sampled ?? null,
        })
      }
      return { ledger: query.ledger, indexed_size: view.indexedSize, facets }
    },
  )

  app.get<{ Querystring: { ledger?: string } }>(
    '/v1/fields',
    {
      config: { reads: 'fields' },
      schema: {
        tags,
        summary:
          'The fields that queries know, and the members of free objects that the newest records have.',
        querystring: Type.Object({ ledger: countParameters.ledger }),
        response: { 200: fieldsAnswer },
      },
    },
    async (request) => {
      const { view, sight, query } = asked(request, {
        ...(request.query.ledger !== undefined && { ledger: request.query.ledger }),
      })
      const page = await searcher.search({ ...query, order: 'newest', limit: 1000 })
      return {
        ledger: view.info.name,
        fields: QUERY_FIELDS.filter(({ name }) => isSeen(name, sight)).map(
          ({ name, type, group, aliases }) => ({ name, type, group, aliases }),
        ),
        found: openPaths(page.entries.map((entry) => seenEntry(entry, sight))),
        sampled: page.entries.length,
      }
    },
  )

  app.get<{ Params: { field: string }; Querystring: CountQuerystring & { prefix?: string; limit: number } }>(
    '/v1/fields/:field/values',
    {
      config: { reads: 'values' },
      schema: {
        tags,
        summary: 'Values of a field that begin with a text, the most frequent first.',
        params: Type.Object({ field: Type.String() }),
        querystring: Type.Object({
          ...countParameters,
          prefix: Type.Optional(Type.String({ maxLength: 512 })),
          limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
        }),
        response: { 200: valuesAnswer },
      },
    },
    async (request) => {
      const { prefix = '', limit } = request.query
      const field = countedFieldOf(request.params.field)
      const { reader, view, query } = asked(request, request.query)
      assertSeen([field], reader)
      const begins = { kind: 'field', field, test: { op: 'wildcard', parts: [prefix, ''] } } as const
      const parts = [...(query.filter ? [query.filter] : []), ...(prefix === '' ? [] : [begins])]
      const filter =
        parts.length === 0 ? undefined : parts.length === 1 ? parts[0] : ({ kind: 'and', parts } as const)
      const tally = await searcher.tally({ ...query, filter, sample: SAMPLE, edges: [], by: [field] })
      const lines = ranked(tally.by[field]!).filter(({ value }) =>
        value.toLowerCase().startsWith(prefix.toLowerCase()),
      )
      return {
        ledger: view.info.name,
        field,
        values: lines.slice(0, limit).map(({ value, count }) => ({ value, count })),
        complete: tally.complete,
        sampled: tally.sampled ?? null,
      }
    },
  )
}

/** Seconds of a step, written as a duration or as their number. */
function stepOf(text: string): number {
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : parseDuration(text)?.seconds
  if (seconds !== undefined && seconds >= 1 && seconds <= DURATION_SECONDS_MAX) return seconds
  throw bad(
    `step: expected a duration such as 30s, 5m, 1h or 1d, or seconds, up to ten years; got ${JSON.stringify(text)}`,
  )
}

function bad(detail: string): ProblemError {
  return new ProblemError(problem('bad-request', detail))
}
