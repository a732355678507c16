/** Evidence of a ledger: exact bytes, salts, leaves and proofs, by index. */
import { encodeBase64, formatTlogProof, type NodeHash } from '@trailproof/core'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { type Sight, seesWhole } from '../access/sight.ts'
import type { ReadEntry, ReadGroup } from '../ledger/read-entry.ts'
import { entryFilter } from '../search/entry-filter.ts'
import type { Services } from '../services.ts'
import { consistencyAnswer, entriesAnswer, entryAnswer, proofAnswer } from './answers/evidence-answers.ts'
import { ProblemError, readerOf } from './authorize.ts'
import { problem } from './problem.ts'

/** Entries in one bulk answer. */
const ENTRIES_MAX = 1024

const nameParams = Type.Object({ name: Type.String() })
const entryParams = Type.Object({ name: Type.String(), index: Type.Integer({ minimum: 0 }) })
const withheldQuery = Type.Object({
  personal: Type.Optional(
    Type.Boolean({ default: true, description: 'false: withhold the personal groups; proofs stay valid.' }),
  ),
})
const rangeQuery = Type.Object({
  from: Type.Integer({ minimum: 0, default: 0, description: 'First index.' }),
  count: Type.Integer({ minimum: 1, maximum: ENTRIES_MAX, default: 256 }),
  personal: Type.Optional(Type.Boolean({ default: true })),
})

export function entryRoutes(app: FastifyInstance, services: Services): void {
  const { reader, now } = services

  app.get<{ Params: { name: string; index: number }; Querystring: { personal?: boolean } }>(
    '/v1/ledgers/:name/entries/:index',
    {
      config: { reads: 'entries', viewers: true },
      schema: {
        tags: ['evidence'],
        summary: 'One entry: leaf, exact bytes and salts of its groups.',
        params: entryParams,
        querystring: withheldQuery,
        response: { 200: entryAnswer },
      },
    },
    async (request) => {
      const { name, index } = request.params
      const { view, sight } = readerOf(request, name, services, 'prove')
      assertEntry(name, index, view.size)
      const [entry] = await reader.entries(name, index, 1)
      if (!entryFilter(sight.rows, now())(entry!)) throw noEntry(name, index, view.size)
      return evidenceOf(entry!, request.query.personal ?? true, sight)
    },
  )

  app.get<{ Params: { name: string }; Querystring: { from: number; count: number; personal?: boolean } }>(
    '/v1/ledgers/:name/entries',
    {
      config: { reads: 'entries' },
      schema: {
        tags: ['evidence'],
        summary: 'Entries in bulk, oldest first; ends at the head of the ledger.',
        params: nameParams,
        querystring: rangeQuery,
        response: { 200: entriesAnswer },
      },
    },
    async (request) => {
      const { from, count, personal = true } = request.query
      const { view, sight } = readerOf(request, request.params.name, services, 'prove')
      const entries = await reader.entries(
        view.info.name,
        from,
        Math.min(count, Math.max(0, view.size - from)),
      )
      return {
        ledger: view.info.name,
        size: view.size,
        entries: entries
          .filter(entryFilter(sight.rows, now()))
          .map((entry) => evidenceOf(entry, personal, sight)),
      }
    },
  )

  app.get<{ Params: { name: string; index: number } }>(
    '/v1/ledgers/:name/entries/:index/proof',
    {
      config: { viewers: true },
      schema: {
        tags: ['evidence'],
        summary: 'A C2SP tlog-proof of the entry, as text.',
        params: entryParams,
        response: { 200: proofAnswer },
      },
    },
    async (request, reply) => {
      const { name, index } = request.params
      const { view, sight } = readerOf(request, name, services, 'prove')
      assertEntry(name, index, view.size)
      const { checkpoint, size } = view
      if (sight.rows !== undefined) {
        const [entry] = await reader.entries(name, index, 1)
        if (!entryFilter(sight.rows, now())(entry!)) throw noEntry(name, index, size)
      }
      const proof = await reader.inclusion(name, index, size)
      return reply.type('text/plain; charset=utf-8').send(formatTlogProof({ index, proof, checkpoint }))
    },
  )

  app.get<{ Params: { name: string }; Querystring: { first: number; second?: number } }>(
    '/v1/ledgers/:name/consistency',
    {
      schema: {
        tags: ['evidence'],
        summary: 'Proof that the ledger at `second` (default: its head) continues the one at `first`.',
        params: nameParams,
        querystring: Type.Object({
          first: Type.Integer({ minimum: 0 }),
          second: Type.Optional(Type.Integer({ minimum: 0 })),
        }),
        response: { 200: consistencyAnswer },
      },
    },
    async (request) => {
      const { view } = readerOf(request, request.params.name, services, 'prove')
      const { checkpoint, size } = view
      const { first, second = size } = request.query
      if (first > second || second > size)
        throw new ProblemError(problem('bad-request', `0 <= first <= second <= ${size} must hold`))
      const proof = await reader.consistency(view.info.name, first, second)
      return { first, second, proof: proof.map((hash: NodeHash) => encodeBase64(hash)), checkpoint }
    },
  )
}

function assertEntry(name: string, index: number, size: number): void {
  if (index >= size) throw noEntry(name, index, size)
}

/** The same of an entry that is not there, and of one that is not there for the caller. */
function noEntry(name: string, index: number, size: number): ProblemError {
  return new ProblemError(problem('not-found', `ledger ${name} has ${size} entries, none at ${index}`))
}

function evidenceOf(
  { index, leaf, core, personal }: ReadEntry,
  withPersonal: boolean,
  sight: Sight,
): unknown {
  return {
    index,
    leaf: encodeBase64(leaf),
    core: groupOf(core),
    // Of who does not see it it is not said either whether it is there.
    personal: seesWhole(sight) && (withPersonal || !personal) ? groupOf(personal) : { withheld: true },
  }
}

function groupOf(group: ReadGroup | undefined): unknown {
  return group ? { text: group.text, salt: encodeBase64(group.salt) } : { erased: true }
}
