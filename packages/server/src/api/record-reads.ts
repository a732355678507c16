/** Records reads before their answers are given: each route says in its config what kind of read it is. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Access, AccessLog } from '../access/access-log.ts'
import { knownReader, type Reader } from './authorize.ts'

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
    if (reply.statusCode >= 400) return
    if (reads !== undefined) await recordRead(request, reads, accessLog)
    else if (knownReader(request)?.unmask !== undefined) await recordRead(request, undefined, accessLog)
  })
}

/** For an answer that Fastify does not send. `reads` undefined: only what is unmasked is recorded. `asked`: what is said of the request, when it is not what it says itself. */
export async function recordRead(
  request: FastifyRequest,
  reads: string | undefined,
  accessLog: AccessLog,
  asked = askedIn(request),
): Promise<void> {
  const reader = knownReader(request)
  if (!reader) return
  const params = request.params as Readonly<Record<string, string>>
  const { id } = params
  const read = {
    ledger: reader.view.info.name,
    caller: reader.caller,
    ip: request.ip,
    requestId: request.id,
    asked,
  }
  const type = reads === 'view' ? 'record' : (reads ?? 'record')
  const what = id === undefined ? read : { ...read, target: { type, id } }
  await recordUnmask(reader, what, reads ?? request.routeOptions.url, accessLog)
  if (reads !== undefined) await accessLog.read({ ...what, action: reads })
}

/** Before the read itself: with its reason, and what was then shown. */
export async function recordUnmask(
  { unmask }: Pick<Reader, 'unmask'>,
  read: Omit<Access, 'action'>,
  what: string | undefined,
  accessLog: Pick<AccessLog, 'unmask'>,
): Promise<void> {
  if (unmask === undefined) return
  await accessLog.unmask({ ...read, action: 'unmask', asked: { ...read.asked, reason: unmask, read: what } })
}

function askedIn({ query, body, params }: FastifyRequest): Record<string, unknown> {
  const asked = { ...(query as object), ...(body as object | undefined), ...(params as object) }
  return Object.fromEntries(Object.entries(asked).filter(([name]) => !PAGING.has(name)))
}
