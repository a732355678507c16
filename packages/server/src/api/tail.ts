/** Live tail: server-sent events in ledger order that resume where they stopped. */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { LedgerView } from '../ledger/ledger-table.ts'
import type { ReadEntry } from '../ledger/reader-worker.ts'
import { indexedFields } from '../search/indexed-fields.ts'
import type { SearchCondition } from '../search/search-index.ts'
import type { Services } from '../services.ts'
import { ProblemError, readerOf } from './authorize.ts'
import { problem } from './problem.ts'
import { recordView } from './record-view.ts'
import { searchQueryOf } from './search-query.ts'

const ENTRIES_A_READ = 256
/** Keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000

interface TailQuery {
  readonly ledger?: string
  readonly q?: string
  readonly from?: number
}

/**
 * Each event has the entry's index as its id; a client that comes back with `Last-Event-ID` goes on with
 * the next one. A slow client is waited for: entries are read when it has taken the last ones, so nothing
 * piles up here and nothing is skipped.
 */
export function tailRoutes(app: FastifyInstance, services: Services): { close(): void } {
  const { settings, now, metrics } = services
  const open = new Set<AbortController>()

  app.get<{ Querystring: TailQuery }>(
    '/v1/tail',
    {
      schema: {
        tags: ['read'],
        summary: 'Records as they are recorded, as server-sent events; resumes by Last-Event-ID.',
        querystring: Type.Object({
          ledger: Type.Optional(Type.String()),
          q: Type.Optional(Type.String({ maxLength: 4096, description: 'As in search, without times.' })),
          from: Type.Optional(
            Type.Integer({ minimum: 0, description: 'First index; default: what comes now.' }),
          ),
        }),
      },
    },
    async (request, reply) => {
      const { view } = readerOf(request, request.query.ledger, services)
      const { conditions } = searchQueryOf({ q: request.query.q ?? '' }, now())
      if (open.size >= settings.tail_sessions_max)
        throw new ProblemError(
          problem('overloaded', `${open.size} tails are open, the most that tail_sessions_max allows`),
        )
      const next = nextIndex(request.headers['last-event-id'], request.query.from, view)
      reply.hijack()
      const abort = new AbortController()
      open.add(abort)
      metrics.tailSessions = open.size
      reply.raw.on('close', () => abort.abort())
      try {
        await follow(reply.raw, view, next, conditions, abort.signal, services)
      } catch (error) {
        if (!abort.signal.aborted) request.log.error({ err: error, requestId: request.id }, 'tail ended')
      } finally {
        open.delete(abort)
        metrics.tailSessions = open.size
        reply.raw.end()
      }
    },
  )

  return {
    close() {
      for (const abort of open) abort.abort()
    },
  }
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
  view: LedgerView,
  from: number,
  conditions: readonly SearchCondition[],
  signal: AbortSignal,
  { reader, ledgers }: Services,
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
  for (let next = from; !signal.aborted; ) {
    const count = Math.min(ENTRIES_A_READ, view.size - next)
    if (count <= 0) {
      const grew = await waitForHead(ledgers, ledger, () => view.size > next, signal)
      if (!grew && !signal.aborted) response.write(`: at ${view.size}\n\n`)
      continue
    }
    const entries = await reader.entries(ledger, next, count)
    let text = ''
    for (const entry of entries)
      if (matches(entry, conditions))
        text += `id: ${entry.index}\nevent: record\ndata: ${JSON.stringify(recordView(ledger, entry))}\n\n`
    next += entries.length
    // An id without data moves Last-Event-ID on past what the filter left out.
    text ||= `id: ${next - 1}\n: ${entries.length} entries passed the filter by\n\n`
    if (!response.write(text)) await drained(response, signal)
  }
}

/** True when the ledger grew, false after a while without. */
function waitForHead(
  ledgers: Services['ledgers'],
  ledger: string,
  grown: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (grew: boolean): void => {
      clearTimeout(timer)
      off()
      signal.removeEventListener('abort', stop)
      resolve(grew)
    }
    const stop = (): void => done(false)
    const timer = setTimeout(stop, HEARTBEAT_MS)
    const off = ledgers.onHead((changed) => {
      if (changed === ledger && grown()) done(true)
    })
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
  })
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
  })
}

function matches({ index, core, personal }: ReadEntry, conditions: readonly SearchCondition[]): boolean {
  if (conditions.length === 0) return true
  const fields = indexedFields({
    index,
    recordedAt: 0,
    core: JSON.parse(core?.text ?? '{}') as Record<string, unknown>,
    personal: personal && (JSON.parse(personal.text) as Record<string, unknown>),
  })
  return conditions.every(({ field, value, prefix }) =>
    fields.some(([name, text]) => name === field && (prefix ? text.startsWith(value) : text === value)),
  )
}
