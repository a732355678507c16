/** Records reads before their answers are given: each route says in its config what kind of read it is. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AccessLog } from '../access/access-log.ts'
import { knownReader } from './authorize.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a read by this route is called in the ledger of reads; missing: it is not recorded. */
    reads?: string
  }
}

/** What pages of one query differ in: reading on is the same read. */
const PAGING = new Set(['cursor', 'limit', 'min_index', 'from_index', 'start', 'count'])

export function recordReads(app: FastifyInstance, accessLog: AccessLog): void {
  app.addHook('onSend', async (request, reply) => {
    const { reads } = request.routeOptions.config
    if (reads !== undefined && reply.statusCode < 400) await recordRead(request, reads, accessLog)
  })
}

/** For an answer that Fastify does not send. `asked`: what is said of the request, when it is not what it says itself. */
export async function recordRead(
  request: FastifyRequest,
  reads: string,
  accessLog: AccessLog,
  asked = askedIn(request),
): Promise<void> {
  const reader = knownReader(request)
  if (!reader) return
  const params = request.params as Readonly<Record<string, string>>
  const { id } = params
  await accessLog.read({
    ledger: reader.view.info.name,
    caller: reader.caller,
    action: reads,
    ip: request.ip,
    requestId: request.id,
    ...(id !== undefined && { target: { type: reads === 'view' ? 'record' : reads, id } }),
    asked,
  })
}

function askedIn({ query, body, params }: FastifyRequest): Record<string, unknown> {
  const asked = { ...(query as object), ...(body as object | undefined), ...(params as object) }
  return Object.fromEntries(Object.entries(asked).filter(([name]) => !PAGING.has(name)))
}
