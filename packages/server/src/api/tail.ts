/** Live tail: server-sent events in ledger order that resume where they stopped. */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { AccessRefusal } from '../access/access-refusal.ts'
import { seenRecord } from '../access/seen-record.ts'
import type { LedgerView } from '../ledger/ledger-table.ts'
import { type EntryFilter, entryFilter } from '../search/entry-filter.ts'
import type { Services } from '../services.ts'
import { bodyOf } from './answers/answer.ts'
import { ProblemError, type Reader, readerOf } from './authorize.ts'
import { assertReached, followLedger } from './follow-ledger.ts'
import { problem } from './problem.ts'
import { filterOnly, type QueryParameters, queryParameters } from './query-parameters.ts'
import { recordRead } from './record-reads.ts'
import { askedBy } from './sighted-query.ts'

/** A client that is so many entries behind is told. */
const LAG_TOLD_ENTRIES = 1000
/** A client whose key has ended has so long to take what is on its way. */
const LAST_WORDS_MS = 1000

/** In `from` a tail says an index. */
interface TailQuery extends Omit<QueryParameters, 'from'> {
  readonly ledger?: string
  readonly from?: number
}

/**
 * Each event has the entry's index as its id; a client that comes back with `Last-Event-ID` goes on with
 * the next one. A slow client is waited for: entries are read when it has taken the last ones, so nothing
 * piles up here and nothing is skipped.
 */
export function tailRoutes(app: FastifyInstance, services: Services): void {
  const { accessLog, now, tails } = services

  app.get<{ Querystring: TailQuery }>(
    '/v1/tail',
    {
      schema: {
        tags: ['read'],
        summary: 'Records as they are recorded, as server-sent events; resumes by Last-Event-ID.',
        querystring: Type.Object({
          ledger: Type.Optional(Type.String()),
          ...queryParameters,
          from: Type.Optional(
            Type.Integer({ minimum: 0, description: 'First index; default: what comes now.' }),
          ),
        }),
        response: {
          200: bodyOf(
            'Events `record`, `lag` to a slow client, and `end` with a `reason` when the key has expired or was revoked.',
            'text/event-stream',
          ),
        },
      },
    },
    async (request, reply) => {
      const { ledger: asked, from, ...parameters } = request.query
      const reader = readerOf(request, asked, services)
      const { caller, view } = reader
      const filter = filterOnly(askedBy(reader, parameters, services), 'a tail')
      const matches = entryFilter(filter, now())
      const next = nextIndex(request.headers['last-event-id'], from, view)
      assertReached(next, view)
      using session = tails.open()
      using key = caller.watch()
      const signal = AbortSignal.any([session.signal, key.signal])
      await recordRead(request, 'tail', accessLog)
      reply.hijack()
      reply.raw.on('close', () => session.end())
      try {
        await follow(reply.raw, reader, next, matches, signal, services)
      } catch (error) {
        if (!signal.aborted) request.log.error({ err: error, requestId: request.id }, 'tail ended')
      } finally {
        end(reply.raw, key.refusal)
      }
    },
  )
}

function nextIndex(lastEventId: unknown, from: number | undefined, { size }: LedgerView): number {
  if (typeof lastEventId === 'string' && lastEventId !== '') {
    if (!/^\d{1,15}$/.test(lastEventId))
      throw new ProblemError(problem('bad-request', 'Last-Event-ID: expected the index of an entry'))
    return Number(lastEventId) + 1
  }
  return from ?? size
}

async function follow(
  response: ServerResponse,
  { view, sight }: Reader,
  from: number,
  matches: EntryFilter,
  signal: AbortSignal,
  services: Services,
): Promise<void> {
  const ledger = view.info.name
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    // The stream ends with its connection: one that was kept alive would hold up the stop of the server.
    connection: 'close',
  })
  response.write(`retry: 1000\n: ledger ${ledger} at ${view.size}\n\n`)
  for await (const { entries, next } of followLedger(view, from, signal, services)) {
    let text = ''
    for (const entry of entries)
      if (matches(entry))
        text += `id: ${entry.index}\nevent: record\ndata: ${JSON.stringify(seenRecord(ledger, entry, sight))}\n\n`
    // An id without data moves Last-Event-ID on past what the filter left out.
    if (text === '')
      text =
        entries.length === 0
          ? `: at ${view.size}\n\n`
          : `id: ${next - 1}\n: ${entries.length} entries passed the filter by\n\n`
    if (response.write(text)) continue
    await drained(response, signal)
    const behind = view.size - next
    if (!signal.aborted && behind > LAG_TOLD_ENTRIES)
      response.write(`event: lag\ndata: ${JSON.stringify({ behind })}\n\n`)
  }
}

/** With the reason, where it is the key's; the client's next try is told the same. */
function end(response: ServerResponse, refusal: AccessRefusal | undefined): void {
  if (!refusal || response.destroyed) {
    response.end()
    return
  }
  const { reason, detail } = refusal
  const cut = setTimeout(() => response.destroy(), LAST_WORDS_MS)
  response.on('close', () => clearTimeout(cut))
  response.end(`event: end\ndata: ${JSON.stringify({ reason, detail })}\n\n`)
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    response.on('drain', done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
