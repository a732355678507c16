/** Saved searches: queries with names, a caller's own or shared with every reader of the ledger. */
import { QUERY_CHARS_MAX } from '@trailproof/core/query'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { may } from '../access/administration.ts'
import type { SavedSearch } from '../directory/directory.ts'
import type { SearchReader } from '../search/saved-searches.ts'
import type { Services } from '../services.ts'
import { EMPTY } from './answers/answer.ts'
import { savedAnswer, savedListAnswer } from './answers/saved-answers.ts'
import { ProblemError, type Reader, readerOf } from './authorize.ts'
import { problem } from './problem.ts'

const querystring = Type.Object({
  ledger: Type.Optional(Type.String({ description: 'Ledger name; default: the key’s.' })),
})
const params = Type.Object({ name: Type.String() })

interface Named {
  Params: { name: string }
  Querystring: { ledger?: string }
}

export function savedSearchRoutes(app: FastifyInstance, services: Services): void {
  const { saved, ledgers } = services
  const asReader = ({ caller, view }: Reader): SearchReader => ({
    id: caller.id,
    manages: may(caller, 'manage-searches', view.info.name, ledgers),
  })
  const tags = ['read']

  app.get<{ Querystring: { ledger?: string } }>(
    '/v1/saved',
    {
      schema: {
        tags,
        summary:
          'Saved searches that the key sees: its own and shared ones; an admin key, also those of keys that are gone.',
        querystring,
        response: { 200: savedListAnswer },
      },
    },
    async (request) => {
      const reader = readerOf(request, request.query.ledger, services, 'save-searches')
      const { caller, view } = reader
      const searches = saved.list(view.info.name, asReader(reader))
      return { ledger: view.info.name, searches: searches.map((search) => shown(search, caller.id)) }
    },
  )

  app.get<Named>(
    '/v1/saved/:name',
    { schema: { tags, summary: 'One saved search.', params, querystring, response: { 200: savedAnswer } } },
    async (request) => {
      const reader = readerOf(request, request.query.ledger, services, 'save-searches')
      const { caller, view } = reader
      const search = saved.get(view.info.name, request.params.name, asReader(reader))
      if (!search) throw unknown(request.params.name)
      return shown(search, caller.id)
    },
  )

  app.put<Named & { Body: { query: string; description?: string; shared?: boolean; pinned?: boolean } }>(
    '/v1/saved/:name',
    {
      schema: {
        tags,
        summary: 'Saves a query under a name; queries may then say $name.',
        params,
        querystring,
        body: Type.Object({
          query: Type.String({
            maxLength: QUERY_CHARS_MAX,
            description:
              'In `$name` its filter counts and its pipes do not; without a filter it is every record.',
          }),
          description: Type.Optional(Type.String({ maxLength: 1000 })),
          shared: Type.Optional(Type.Boolean()),
          pinned: Type.Optional(Type.Boolean()),
        }),
        response: { 200: savedAnswer },
      },
    },
    async (request) => {
      const reader = readerOf(request, request.query.ledger, services, 'save-searches')
      const { caller, view } = reader
      const { query, description = '', shared = false, pinned = false } = request.body
      if (shared) readerOf(request, request.query.ledger, services, 'share-searches')
      const search = { ledger: view.info.name, name: request.params.name, query, description, shared, pinned }
      return shown(await saved.put(search, asReader(reader)), caller.id)
    },
  )

  app.delete<Named>(
    '/v1/saved/:name',
    {
      schema: {
        tags,
        summary:
          'Deletes a search that the key has saved; an admin key, also shared ones and those of keys that are gone.',
        params,
        querystring,
        response: { 204: EMPTY },
      },
    },
    async (request, reply) => {
      const reader = readerOf(request, request.query.ledger, services, 'save-searches')
      const { view } = reader
      if (!(await saved.delete(view.info.name, request.params.name, asReader(reader))))
        throw unknown(request.params.name)
      return reply.code(204).send()
    },
  )
}

function shown(
  { name, owner, shared, pinned, query, description, changedAt }: SavedSearch,
  callerId: string,
) {
  const changed_at = new Date(changedAt).toISOString()
  return { name, query, description, shared, pinned, own: owner === callerId, changed_at }
}

function unknown(name: string): ProblemError {
  return new ProblemError(problem('not-found', `the key sees no saved search ${name.slice(0, 100)}`))
}
