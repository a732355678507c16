/**
 * Prometheus' HTTP API over counts of records (docs/prometheus-api.md): Grafana, promtool and alerting tools ask it as
 * they would ask a Prometheus.
 */

import type { Filter } from '@trailproof/core/query'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import { type TObject, Type } from 'typebox'
import { chooseLedger } from '../access/choose-ledger.ts'
import { evaluate } from '../promql/evaluate.ts'
import { type EventCounts, eventCounts, SERIES_MAX } from '../promql/event-counts.ts'
import { type Selector, selectorsIn } from '../promql/expression.ts'
import { fieldOfLabel, LABEL_NAMES, LEDGER_LABEL, SERIES_LABELS } from '../promql/labels.ts'
import { METRIC, parsePromql, parseSelector } from '../promql/parse.ts'
import { badData, PromqlError } from '../promql/promql-error.ts'
import { METRIC_LABEL, type Series, sorted, type Value } from '../promql/series.ts'
import { QUERY_TIMEOUT_MS } from '../search/find.ts'
import type { Services } from '../services.ts'
import {
  buildAnswer,
  errorAnswers,
  instantAnswer,
  metadataAnswer,
  rangeAnswer,
  seriesAnswer,
  textsAnswer,
} from './answers/prometheus-answers.ts'
import { callerOf, readerOf } from './authorize.ts'
import { Parameters, parameters, readForms, time } from './prometheus-parameters.ts'
import { recordRead } from './record-reads.ts'
import { assertSeen, withinSight } from './sighted-query.ts'

/** The version of the API that is spoken: clients ask for it to know what they may ask. */
const API_VERSION = '2.53.0'
const STATUS = { bad_data: 400, execution: 422, timeout: 503 } as const
/** Values of a label in an answer. */
const VALUES_MAX = 10_000
const ALL: Selector = { kind: 'selector', matchers: [], offsetMs: 0 }

export async function prometheusRoutes(app: FastifyInstance, services: Services): Promise<void> {
  await app.register(async (scope) => {
    readForms(scope)
    scope.setErrorHandler((error, _, reply) => {
      const { validation } = error as FastifyError
      const refused = validation ? badData((error as FastifyError).message) : error
      if (!(refused instanceof PromqlError)) throw error
      reply.problem = 'bad-query'
      const { type, message } = refused
      return reply.code(STATUS[type]).send({ status: 'error', errorType: type, error: message })
    })
    queryRoutes(scope, services)
    nameRoutes(scope, services)
  })
}

const tags = ['prometheus']
const selectorsParameter = Type.Union([Type.String(), Type.Array(Type.String())], {
  description: `Selectors, such as ${METRIC}{service="shop"}.`,
})
const seenParameters = {
  'match[]': Type.Optional(selectorsParameter),
  start: Type.Optional(time('Not before.')),
  end: Type.Optional(time('Before.')),
}

function queryRoutes(app: FastifyInstance, services: Services): void {
  const { accessLog, now } = services

  async function answer(
    request: FastifyRequest,
    given: Parameters,
    steps: readonly number[],
  ): Promise<Value> {
    const query = given.required('query')
    const expression = parsePromql(query)
    const selectors = selectorsIn(expression)
    const { counts, view } = sourceOf(request, given, selectors, services)
    const value = await evaluate(expression, { steps, counts })
    if (selectors.length > 0)
      await recordRead(request, 'query', accessLog, {
        query,
        // Not from when to when: a dashboard that refreshes itself reads the same again.
        range_seconds: (steps.at(-1)! - steps[0]!) / 1000,
        ...(now() - steps.at(-1)! > RECENT_MS && { until: new Date(steps.at(-1)!).toISOString() }),
        ledger: view.info.name,
      })
    if (value.kind === 'vector' && value.series.length > SERIES_MAX)
      throw new PromqlError('execution', `the query makes more than ${SERIES_MAX} series`)
    return value
  }

  both(app, '/api/v1/query', {
    summary: 'What a query in PromQL over counts of records is worth at a moment.',
    asked: Type.Object({
      query: Type.String({ description: 'PromQL.' }),
      time: Type.Optional(time('The moment; default: now.')),
      ...parameters,
    }),
    answer: instantAnswer,
    async handle(request) {
      const given = new Parameters(request)
      const at = given.time('time') ?? now()
      const value = await answer(request, given, [at])
      if (value.kind === 'scalar')
        return success({ resultType: 'scalar', result: [at / 1000, formatNumber(value.values[0])] })
      const { kept, warnings } = cut(value.series, given.limit())
      const result = kept.map(({ labels, values }) => ({
        metric: labels,
        value: [at / 1000, formatNumber(values[0])],
      }))
      return success({ resultType: 'vector', result }, warnings)
    },
  })

  both(app, '/api/v1/query_range', {
    summary: 'What a query in PromQL over counts of records is worth at each step of a time.',
    asked: Type.Object({
      query: Type.String({ description: 'PromQL.' }),
      start: time('The first step.'),
      end: time('No step is after it.'),
      step: Type.String({ description: 'Seconds, or a duration such as 5m.' }),
      ...parameters,
    }),
    answer: rangeAnswer,
    async handle(request) {
      const given = new Parameters(request)
      const steps = given.steps()
      const value = await answer(request, given, steps)
      const series = value.kind === 'scalar' ? [{ labels: {}, values: value.values }] : value.series
      const { kept, warnings } = cut(sorted(series), given.limit())
      const result = kept.map(({ labels, values }) => ({
        metric: labels,
        values: values.flatMap((one, i) =>
          one === undefined ? [] : [[steps[i]! / 1000, formatNumber(one)]],
        ),
      }))
      return success({ resultType: 'matrix', result }, warnings)
    },
  })
}

/** A query that ends so long ago is not one of a dashboard that follows the present. */
const RECENT_MS = 3_600_000

function nameRoutes(app: FastifyInstance, services: Services): void {
  const { accessLog, ledgers, now, version } = services

  /** The series of a selector that have records between `start` and `end`, told apart by `labels`. */
  async function seen(request: FastifyRequest, labels: readonly string[]): Promise<readonly Series[]> {
    const given = new Parameters(request)
    const selectors = given.texts('match[]').map(parseSelector)
    const { counts } = sourceOf(request, given, selectors, services)
    const end = given.time('end') ?? now()
    const start = given.time('start')
    const rangeMs = start === undefined ? undefined : Math.max(1, end - start)
    const found: Series[] = []
    for (const selector of selectors.length > 0 ? selectors : [ALL])
      found.push(...(await counts({ selector, labels, steps: [end], rangeMs })))
    return found.filter(({ values: [count = 0] }) => count > 0)
  }

  both(app, '/api/v1/labels', {
    summary: 'The labels by which records can be told apart.',
    asked: Type.Object({ ...seenParameters, ...parameters }),
    answer: textsAnswer,
    async handle(request) {
      callerOf(request, services, 'read')
      const given = new Parameters(request)
      return success([METRIC_LABEL, ...LABEL_NAMES].slice(0, given.limit()))
    },
  })

  app.get<{ Params: { name: string } }>(
    '/api/v1/label/:name/values',
    {
      schema: {
        tags,
        summary: 'The values of a label.',
        params: Type.Object({ name: Type.String({ maxLength: 512 }) }),
        querystring: Type.Object({ ...seenParameters, ...parameters }),
        response: { 200: textsAnswer, ...errorAnswers },
      },
    },
    async (request) => {
      const { name } = request.params
      const caller = callerOf(request, services, 'read')
      const limit = new Parameters(request).limit()
      if (name === METRIC_LABEL) return success([METRIC])
      if (name === LEDGER_LABEL) {
        const mayRead = (ledger: string) => chooseLedger(ledger, caller, 'read', ledgers).kind === 'ledger'
        const names = ledgers.all().map(({ info }) => info.name)
        return success(names.filter(mayRead).toSorted().slice(0, limit))
      }
      if (!isLabel(name)) return success([]) // as of a label that no series has
      const values = (await seen(request, [name])).flatMap(({ labels }) => labels[name] ?? [])
      await recordRead(request, 'values', accessLog, { label: name })
      const { kept, warnings } = cut([...new Set(values)].toSorted(), Math.min(limit, VALUES_MAX))
      return success(kept, warnings)
    },
  )

  both(app, '/api/v1/series', {
    summary: 'The series of selectors.',
    asked: Type.Object({ ...seenParameters, 'match[]': selectorsParameter, ...parameters }),
    answer: seriesAnswer,
    async handle(request) {
      const given = new Parameters(request)
      const asked = given.texts('match[]')
      if (asked.length === 0) throw badData('no match[] parameter provided')
      const found = await seen(request, SERIES_LABELS)
      await recordRead(request, 'series', accessLog, { match: asked.join(' ') })
      const named = sorted(found).map(({ labels }) => ({ [METRIC_LABEL]: METRIC, ...labels }))
      const distinct = new Map(named.map((labels) => [JSON.stringify(labels), labels]))
      const { kept, warnings } = cut([...distinct.values()], Math.min(given.limit(), SERIES_MAX))
      return success(kept, warnings)
    },
  })

  app.get(
    '/api/v1/metadata',
    { schema: { tags, summary: 'What the metric means.', response: { 200: metadataAnswer } } },
    () =>
      success({
        [METRIC]: [{ type: 'counter', help: 'Records, at the time that they say they happened.', unit: '' }],
      }),
  )
  app.get(
    '/api/v1/status/buildinfo',
    { schema: { tags, summary: 'Which API is spoken here.', response: { 200: buildAnswer } } },
    () =>
      success({
        version: API_VERSION,
        revision: version,
        application: 'Trailproof',
        branch: '',
        buildUser: '',
        buildDate: '',
        goVersion: '',
      }),
  )
}

interface Described {
  readonly summary: string
  readonly asked: TObject
  readonly answer: object
  readonly handle: (request: FastifyRequest) => Promise<unknown>
}

/** Clients send long queries as forms, and may say some of it in the address all the same. */
function both(app: FastifyInstance, path: string, { summary, asked, answer, handle }: Described): void {
  const response = { 200: answer, ...errorAnswers }
  app.get(path, { schema: { tags, summary, querystring: asked, response } }, handle)
  const consumes = ['application/x-www-form-urlencoded', 'application/json']
  app.post(
    path,
    { schema: { tags, summary: `${summary} As a form.`, describedBody: asked, consumes, response } },
    handle,
  )
}

/** Who asks, and what counts for them: all selectors of a query are of one ledger. */
function sourceOf(
  request: FastifyRequest,
  given: Parameters,
  selectors: readonly Selector[],
  services: Services,
): { counts: EventCounts; view: ReturnType<typeof readerOf>['view'] } {
  const started = performance.now()
  const named = selectors.flatMap(({ matchers }) => matchers.filter(({ label }) => label === LEDGER_LABEL))
  if (named.some(({ operator }) => operator !== '=')) throw badData('the label ledger takes =')
  const asked = new Set([
    ...named.map(({ value }) => value),
    ...(given.text('ledger') === undefined ? [] : [given.required('ledger')]),
  ])
  if (asked.size > 1) throw badData('a query is of one ledger')
  const reader = readerOf(request, [...asked][0], services)
  const { caller, view } = reader
  const { name } = view.info
  const timeoutMs = Math.min(given.duration('timeout') ?? QUERY_TIMEOUT_MS, QUERY_TIMEOUT_MS)
  const saved = services.saved.filters(name, caller.id)
  const assertAsked = (fields: readonly string[]): void => assertSeen(fields, reader)
  const within = (filter: Filter | undefined): Filter | undefined => withinSight(filter, reader)
  const scope = { ledger: name, saved, assertAsked, within, dueAt: started + timeoutMs }
  return { counts: eventCounts(services, scope), view }
}

function isLabel(name: string): boolean {
  try {
    fieldOfLabel(name)
    return true
  } catch (error) {
    if (error instanceof PromqlError) return false
    throw error
  }
}

function cut<Item>(
  all: readonly Item[],
  limit: number,
): { kept: readonly Item[]; warnings: readonly string[] } {
  if (all.length <= limit) return { kept: all, warnings: [] }
  return { kept: all.slice(0, limit), warnings: ['results truncated due to limit'] }
}

function success(data: unknown, warnings: readonly string[] = []): object {
  return { status: 'success', data, ...(warnings.length > 0 && { warnings }) }
}

/** As Go writes them. */
function formatNumber(value: number | undefined): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}
