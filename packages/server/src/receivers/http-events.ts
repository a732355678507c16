/** The HTTP receiver: `POST /v1/events` in all its forms, and `POST /api/log` of the old logging clients. */
import {
  type Item,
  type ParsedBody,
  parseBinaryCloudEvent,
  parseBody,
  type Problem as RecordProblem,
} from '@trailproof/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type AcceptDeps, type Accepted, accept, acceptQueued, type IngestRequest } from '../accept.ts'
import { ingestAnswer, logAnswer, queuedAnswer } from '../api/answers/ingest-answers.ts'
import { eventsBody, logBody } from '../api/answers/record-body.ts'
import { credentialsOf, noteDenial, ProblemError } from '../api/authorize.ts'
import { problem, sendProblem } from '../api/problem.ts'
import { opensIndex } from '../roles.ts'
import type { Services } from '../services.ts'
import { indexReached, noteAccepted, receiptProofs } from './after-accept.ts'
import { formatAnswer, queuedAnswerOf } from './receipts.ts'
import { invalidRecord, refusalProblem } from './refusal-problem.ts'
import { ACCEPTED_ENCODINGS, decodeBody } from './request-body.ts'

interface EventsQuery {
  readonly ledger?: string
  readonly receipt?: 'proof'
  readonly wait?: 'index'
}

const eventsQuery = Type.Object({
  ledger: Type.Optional(
    Type.String({ description: 'Ledger name, when the key opens several. Default: main.' }),
  ),
  receipt: Type.Optional(
    Type.Literal('proof', { description: 'Add leaf and inclusion path to each receipt.' }),
  ),
  wait: Type.Optional(
    Type.Literal('index', {
      description: 'Answer when the records can be searched (at most 10 s; see `indexed`).',
    }),
  ),
})

export function eventReceiver(app: FastifyInstance, services: Services, deps: AcceptDeps): void {
  const { settings, metrics } = services

  // Bodies arrive as bytes: core reads them itself, and says exactly what is wrong with them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: settings.body_bytes_max }, (_, body, done) =>
    done(null, body),
  )

  app.post<{ Querystring: EventsQuery; Body: Buffer | undefined }>(
    '/v1/events',
    {
      schema: {
        tags: ['ingest'],
        summary:
          'Records one record (object), many (array, NDJSON), or CloudEvents. Answers when they are on the disk.',
        querystring: eventsQuery,
        describedBody: eventsBody,
        consumes: [
          'application/json',
          'application/x-ndjson',
          'application/cloudevents+json',
          'application/cloudevents-batch+json',
        ],
        response: { 200: ingestAnswer, 202: queuedAnswer },
      },
    },
    async (request, reply) => {
      if (request.query.wait === 'index' && !opensIndex(services.roles))
        throw new ProblemError(
          problem('bad-request', 'this server does not search: ask it without wait=index'),
        )
      const read = readerFor(request, await bodyOf(request))
      // A preference, which may be ignored (RFC 7240): without a broker there is nothing to queue in.
      const { enqueue } = deps.sequencer
      if (enqueue && prefersAsync(request)) return queue(request, reply, read, enqueue)
      return answer(request, reply, await take(request, read))
    },
  )

  app.post<{ Body: Buffer | undefined }>(
    '/api/log',
    {
      schema: {
        tags: ['ingest'],
        summary: 'One log line {service, level, message}, as old logging clients send it.',
        describedBody: logBody,
        response: { 200: logAnswer },
      },
    },
    async (request, reply) => {
      const body = await bodyOf(request)
      const accepted = await take(request, (limits) => requireLogFields(parseBody(body, 'json', limits)))
      const [outcome] = accepted.outcomes
      if (outcome?.kind === 'bad') return sendProblem(reply, invalidRecord(outcome.problems))
      return reply.send({ message: 'Log recorded', id: outcome?.id })
    },
  )

  async function bodyOf(request: FastifyRequest): Promise<Uint8Array> {
    const raw = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
    const decoded = await decodeBody(raw, request.headers['content-encoding'], settings.body_bytes_max)
    switch (decoded.kind) {
      case 'body':
        return decoded.bytes
      case 'too-large':
        throw new ProblemError(
          problem(
            'body-too-large',
            `more than body_bytes_max (${settings.body_bytes_max}) bytes after decompression`,
          ),
        )
      case 'unknown-encoding':
        throw new ProblemError(
          problem(
            'unsupported-media',
            `content encoding ${decoded.encoding}; supported: ${ACCEPTED_ENCODINGS}`,
          ),
        )
      case 'undecodable':
        throw new ProblemError(problem('undecodable-body', decoded.detail))
    }
  }

  async function queue(
    request: FastifyRequest,
    reply: FastifyReply,
    read: IngestRequest['read'],
    enqueue: Parameters<typeof acceptQueued>[1],
  ): Promise<FastifyReply> {
    const queued = await acceptQueued(ingestRequest(request, read, services), enqueue, deps)
    if (queued.kind !== 'queued') throw new ProblemError(refusalProblem(queued))
    const [first] = queued.outcomes
    if (queued.single && first?.kind === 'bad') return sendProblem(reply, invalidRecord(first.problems))
    return reply.code(202).header('preference-applied', 'respond-async').send(queuedAnswerOf(queued))
  }

  async function take(request: FastifyRequest, read: IngestRequest['read']): Promise<Accepted> {
    const started = performance.now()
    const accepted = await accept(ingestRequest(request, read, services), deps)
    if (accepted.kind !== 'accepted') throw new ProblemError(refusalProblem(accepted))
    metrics.observeAck('http', (performance.now() - started) / 1000)
    return accepted
  }

  async function answer(
    request: FastifyRequest<{ Querystring: EventsQuery }>,
    reply: FastifyReply,
    accepted: Accepted,
  ): Promise<FastifyReply> {
    const counts = noteAccepted(accepted, request.id, services)
    const [first] = accepted.outcomes
    if (accepted.single && first?.kind === 'bad') return sendProblem(reply, invalidRecord(first.problems))
    const proofs = request.query.receipt === 'proof' ? await receiptProofs(accepted, services) : undefined
    const indexed = request.query.wait === 'index' ? await indexReached(accepted, services) : undefined
    const text = formatAnswer(accepted, counts, { proofs, indexed })
    if (accepted.single && counts.conflict === 1)
      return sendProblem(
        reply,
        problem(
          'conflict',
          'this id was recorded before with other content; the attempt was recorded',
          JSON.parse(text),
        ),
      )
    return reply.type('application/json; charset=utf-8').send(text)
  }
}

function ingestRequest(
  request: FastifyRequest,
  read: IngestRequest['read'],
  services: Services,
): IngestRequest {
  const key = request.headers['idempotency-key']
  return {
    read,
    credentials: credentialsOf(request),
    onDenied: (denied) => noteDenial(request, services, denied),
    ledger: (request.query as EventsQuery).ledger,
    idempotencyKey: typeof key === 'string' && key !== '' ? key : undefined,
  }
}

function prefersAsync({ headers }: FastifyRequest): boolean {
  return /(?:^|[,;\s])respond-async(?:[,;\s]|$)/i.test(String(headers['prefer'] ?? ''))
}

/** How a body is read, by its content type; CloudEvents in binary mode are in the headers. */
function readerFor(request: FastifyRequest, bytes: Uint8Array): IngestRequest['read'] {
  const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]!.trim().toLowerCase()
  if (request.headers['ce-specversion'] !== undefined && !type.startsWith('application/cloudevents'))
    return (limits) => ({
      kind: 'records',
      items: [parseBinaryCloudEvent(singleHeaders(request), bytes, limits)],
      single: true,
    })
  const format = FORMATS[type] ?? (type.endsWith('+json') ? 'json' : undefined)
  if (!format)
    throw new ProblemError(
      problem(
        'unsupported-media',
        `content type ${type.slice(0, 100)}; send application/json or application/x-ndjson`,
      ),
    )
  return (limits) => parseBody(bytes, format, limits)
}

const FORMATS: Readonly<Record<string, Parameters<typeof parseBody>[1]>> = {
  'application/json': 'json',
  'application/x-www-form-urlencoded': 'json', // what curl -d says when it is not told
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/stream+json': 'ndjson',
  'text/plain': 'ndjson',
  'application/cloudevents+json': 'cloudevents',
  'application/cloudevents-batch+json': 'cloudevents-batch',
}

function singleHeaders({ headers }: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}

const LOG_FIELDS = ['service', 'level', 'message'] as const

/** The old endpoint took one object with these three fields and nothing less. */
function requireLogFields(parsed: ParsedBody): ParsedBody {
  if (parsed.kind === 'refused') return parsed
  if (parsed.items.length !== 1) {
    const message = `the body is one log line; this one has ${parsed.items.length}`
    return { kind: 'refused', problem: { code: 'value', message } }
  }
  return { ...parsed, items: parsed.items.map(requireFields) }
}

function requireFields(item: Item, record: number): Item {
  if (item.kind === 'problem') return item
  const missing = LOG_FIELDS.filter((field) => typeof item.value[field] !== 'string')
  if (missing.length === 0) return item
  const problems: RecordProblem[] = missing.map((field) => ({
    record,
    field: `/${field}`,
    code: 'required',
    message: 'a log line has service, level and message, all texts',
  }))
  return { kind: 'problem', problems, source: item.source }
}
