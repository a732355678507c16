/** The public face of a ledger: checkpoint, tiles and entry bundles (C2SP tlog-tiles). */
import { encodeEntryBundle, LEAF_BYTES, parseTilePath, tileWidth } from '@trailproof/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { LedgerView } from '../ledger/ledger-table.ts'
import type { Services } from '../services.ts'
import { noteAnswer, tileAnswer } from './answers/evidence-answers.ts'
import { deny, ProblemError, readerOf } from './authorize.ts'
import { problem } from './problem.ts'

/** Full tiles never change. */
const IMMUTABLE = 'public, max-age=31536000, immutable'

type Params = { name: string; '*': string }

export function ledgerLogRoutes(app: FastifyInstance, services: Services): void {
  const { ledgers, reader, settings } = services

  /** Leaves and tiles hold ids, times and volume: open to readers, or to all with `public_log`. */
  const viewOf = (request: FastifyRequest, name: string, path: string): LedgerView => {
    if (settings.public_log) return openView(name)
    const asking = readerOf(request, name, services, 'prove')
    if (asking.sight.rows !== undefined && path.startsWith('entries/'))
      throw deny(asking, 'prove', 'bundles hold leaves of records that you do not see')
    return asking.view
  }
  const openView = (name: string): LedgerView => {
    const view = ledgers.get(name)
    if (!view) throw new ProblemError(problem('not-found', `there is no ledger ${name}`))
    return view
  }

  app.get<{ Params: Params }>(
    '/ledgers/:name/checkpoint',
    {
      schema: {
        tags: ['log'],
        summary: 'The newest published checkpoint, a C2SP signed note. Open to all.',
        params: Type.Object({ name: Type.String() }),
        response: { 200: noteAnswer },
      },
    },
    (request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .header('cache-control', 'public, max-age=1')
        .send(ledgers.published(openView(request.params.name))),
  )

  app.get<{ Params: Params }>(
    '/ledgers/:name/tile/*',
    {
      schema: {
        tags: ['log'],
        summary: 'A hash tile `<level>/<n>[.p/<w>]` or entry bundle `entries/<n>[.p/<w>]`.',
        params: Type.Object({ name: Type.String(), '*': Type.String() }),
        response: { 200: tileAnswer },
      },
    },
    async (request, reply) => {
      const { name, '*': path } = request.params
      const view = viewOf(request, name, path)
      const tile = parseTilePath(`tile/${path}`)
      if (tile.kind === 'problem') throw new ProblemError(problem('bad-request', tile.problem))
      const level = tile.kind === 'tile' ? tile.level : 0
      if (tileWidth(level, tile.index, view.size) < tile.width)
        throw new ProblemError(problem('not-found', `ledger ${name} has not grown to ${path} yet`))
      const bytes =
        tile.kind === 'tile'
          ? await reader.tile(name, level, tile.index, tile.width)
          : encodeEntryBundle(leavesOf(await reader.leaves(name, tile.index * 256, tile.width)))
      return sendTile(reply, bytes, tile.width === 256)
    },
  )
}

function sendTile(reply: FastifyReply, bytes: Uint8Array, isFull: boolean): FastifyReply {
  return reply
    .type('application/octet-stream')
    .header('cache-control', isFull ? IMMUTABLE : 'public, max-age=60')
    .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

function leavesOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / LEAF_BYTES }, (_, i) =>
    bytes.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
  )
}
