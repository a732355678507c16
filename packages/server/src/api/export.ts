/** Export: a range of a ledger as one stream, without a cap, that proves itself (spec/export.md). */
import { pipeline } from 'node:stream/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Export } from '../export/export.ts'
import type { ExportFormat } from '../export/export-block.ts'
import { readMark } from '../export/export-mark.ts'
import { exportHeader, type Pieces, plainExport, provenExport, provenRest } from '../export/export-stream.ts'
import { untilStalled } from '../export/until-stalled.ts'
import type { Services } from '../services.ts'
import { knownReader } from './authorize.ts'
import { badRequest, type ExportQuerystring, exportOf, exportQuerystring } from './export-request.ts'
import { recordRead } from './record-reads.ts'

const TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  ocsf: 'application/x-ndjson; charset=utf-8',
}
const ENDINGS: Readonly<Record<ExportFormat, string>> = { ndjson: 'ndjson', csv: 'csv', ocsf: 'ocsf.ndjson' }

const whole = {
  description: 'The stream. It is whole when it ends as HTTP says that a body ends.',
  content: {
    'application/x-ndjson': { schema: Type.String() },
    'text/csv': { schema: Type.String() },
  },
}

export function exportRoutes(app: FastifyInstance, services: Services): void {
  app.addHook('preClose', async () => services.exports.endAll())

  app.get<{ Querystring: ExportQuerystring }>(
    '/v1/export',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['read'],
        summary:
          'Entries of a range in ledger order, without a cap; as ndjson with a signed proof of completeness.',
        querystring: exportQuerystring,
        response: { 200: whole },
      },
    },
    async (request, reply) => {
      const asked = exportOf(request, services)
      using session = services.exports.open()
      using key = knownReader(request)!.caller.watch()
      const pieces = await piecesOf(asked, request.query.mark, services)
      await recordRead(request, 'export', services.accessLog, readOf(asked))
      const signal = AbortSignal.any([session.signal, key.signal])
      await send(untilStalled(pieces, session), asked, signal, request, reply)
    },
  )
}

/** What can be refused is refused here, before the first byte. */
async function piecesOf(asked: Export, mark: string | undefined, services: Services): Promise<Pieces> {
  if (asked.shape.format !== 'ndjson') {
    if (mark !== undefined)
      throw badRequest('mark: only an export as ndjson has marks; begin with from_index')
    return plainExport(asked, services)
  }
  const header = await exportHeader(asked, services)
  if (mark === undefined) return provenExport(asked, header, services)
  const after = readMark(services.cursorKey, header.hash, mark)
  if (after === undefined) throw badRequest('mark: not one of this export; begin it anew')
  return provenRest(asked, header, after, services)
}

/** What is said of it in the ledger of reads: the same for an export that goes on where it was cut. */
function readOf({ shape, range }: Export): Record<string, unknown> {
  const { format, query, fields } = shape
  return {
    q: query,
    format,
    from_index: range.from,
    to_index: range.to,
    size: range.size,
    at: new Date(shape.atMs).toISOString(),
    ...(fields.length > 0 && { fields: fields.join(',') }),
  }
}

/** Writes as fast as the client takes: the next block is read when the last one is on its way. */
async function send(
  pieces: Pieces,
  { shape: { ledger, format, atMs }, range: { from, to, size } }: Export,
  signal: AbortSignal,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    'content-type': TYPES[format],
    'content-disposition': `attachment; filename="${ledger}-${from}-${to}.${ENDINGS[format]}"`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-accel-buffering': 'no',
    'x-request-id': request.id,
    // With these an export that was cut is asked for again.
    'x-trailproof-size': String(size),
    'x-trailproof-at': new Date(atMs).toISOString(),
  })
  try {
    await pipeline(pieces, raw, { signal })
  } catch (error) {
    // The connection is cut without an end to the body: nobody takes what there is for all.
    const isOver = signal.aborted || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE'
    request.log[isOver ? 'debug' : 'error']({ err: error, requestId: request.id }, 'export ended early')
    raw.destroy()
  }
}
