/** Export: a range of a ledger as one stream, without a cap, that proves itself (spec/export.md). */
import { pipeline } from 'node:stream/promises'
import { readCheckpoint } from '@trailproof/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Export } from '../export/export.ts'
import type { ExportFormat } from '../export/export-block.ts'
import { readMark } from '../export/export-mark.ts'
import { ExportSessions } from '../export/export-sessions.ts'
import { exportHeader, plainExport, provenExport, provenRest } from '../export/export-stream.ts'
import { queryText } from '../export/query-text.ts'
import type { Services } from '../services.ts'
import { ProblemError, readerOf } from './authorize.ts'
import { problem } from './problem.ts'
import { fieldOf, type QueryParameters, queryOf, queryParameters } from './query-parameters.ts'

interface ExportQuery extends QueryParameters {
  readonly ledger?: string
  readonly format: ExportFormat
  readonly from_index: number
  readonly to_index?: number
  readonly size?: number
  readonly at?: string
  readonly mark?: string
  readonly fields?: string
}

const FIELDS_MAX = 64
const index = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))

const exportQuerystring = Type.Object({
  ledger: Type.Optional(Type.String({ description: 'Ledger name; default: the key’s.' })),
  ...queryParameters,
  format: Type.Union([Type.Literal('ndjson'), Type.Literal('csv'), Type.Literal('ocsf')], {
    default: 'ndjson',
    description: 'ndjson proves itself; csv and ocsf carry no proof.',
  }),
  from_index: Type.Integer({ minimum: 0, default: 0, description: 'First entry.' }),
  to_index: index('The entry after the last one; default: `size`.'),
  size: index('Entries of the checkpoint that the export is of; default: the ledger as it is now.'),
  at: Type.Optional(
    Type.String({ maxLength: 32, description: 'What `last` counts back from (RFC 3339); default: now.' }),
  ),
  mark: Type.Optional(
    Type.String({
      maxLength: 128,
      description:
        'Go on after this mark, `<mark>.<shown>.<withheld>.<erased>.<mac>`, of an export that was cut.',
    }),
  ),
  fields: Type.Optional(
    Type.String({ maxLength: 8192, description: 'Further columns of a CSV, joined by commas.' }),
  ),
})

const TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  ocsf: 'application/x-ndjson; charset=utf-8',
}
const ENDINGS: Readonly<Record<ExportFormat, string>> = { ndjson: 'ndjson', csv: 'csv', ocsf: 'ocsf.ndjson' }

export function exportRoutes(app: FastifyInstance, services: Services): void {
  const sessions = new ExportSessions()
  app.addHook('preClose', async () => sessions.endAll())

  app.get<{ Querystring: ExportQuery }>(
    '/v1/export',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['read'],
        summary:
          'Entries of a range in ledger order, without a cap; as ndjson with a signed proof of completeness.',
        querystring: exportQuerystring,
      },
    },
    async (request, reply) => {
      const asked = exportOf(request, services)
      using session = sessions.open()
      await send(await piecesOf(asked, request.query.mark, services), asked, session.signal, request, reply)
    },
  )
}

type Pieces = AsyncGenerator<Uint8Array | string>

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

function exportOf(request: FastifyRequest<{ Querystring: ExportQuery }>, services: Services): Export {
  const { ledger: named, format, from_index: from, to_index, size: askedSize, at, fields } = request.query
  const { caller, view } = readerOf(request, named, services)
  const ledger = view.info.name
  const signed = readCheckpoint(view.checkpoint)
  const signedSize = signed.kind === 'checkpoint' ? signed.size : 0
  const size = askedSize ?? signedSize
  const to = to_index ?? size
  if (from > to || to > size || size > signedSize)
    throw badRequest(`0 <= from_index <= to_index <= size <= ${signedSize} must hold`)
  const atMs = at === undefined ? services.now() : Date.parse(at)
  if (Number.isNaN(atMs)) throw badRequest('at: expected a time such as 2026-01-31T12:00:00Z')
  const { filter, pipes } = queryOf(request.query, services.saved.filters(ledger, caller.keyPrefix))
  const [pipe] = pipes.filter(({ kind }) => kind !== 'fields')
  if (pipe)
    throw new ProblemError(problem('bad-query', `an export takes no pipe but fields, not ${pipe.kind}`))
  const shown = pipes.findLast(({ kind }) => kind === 'fields')
  if (format === 'ndjson' && (shown || fields !== undefined))
    throw badRequest('fields: an export that proves itself holds whole records; choose fields of a CSV')
  const query = queryText(filter)
  if (query === undefined)
    throw new ProblemError(problem('bad-query', 'the query is too long to be exported'))
  const columns = fields === undefined ? [] : fields.split(',').map((name) => fieldOf(name.trim()))
  if (columns.length > FIELDS_MAX) throw badRequest(`fields: at most ${FIELDS_MAX}`)
  return {
    view,
    range: { from, to, size },
    shape: { ledger, format, query, atMs, fields: shown?.kind === 'fields' ? shown.fields : columns },
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

function badRequest(detail: string): ProblemError {
  return new ProblemError(problem('bad-request', detail))
}
