/** Saved searches: queries with names, a caller's own or shared with every reader of the ledger. */
import { QUERY_CHARS_MAX } from '@trailproof/core/query'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { SavedSearch } from '../directory/directory.ts'
import type { Services } from '../services.ts'
import { EMPTY } from './answers/answer.ts'
import { savedAnswer, savedListAnswer } from './answers/saved-answers.ts'
import { ProblemError, readerOf } from './authorize.ts'
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
  const { saved } = services
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
      const { caller, view } = readerOf(request, request.query.ledger, services)
      const searches = saved.list(view.info.name, caller)
      return { ledger: view.info.name, searches: searches.map((search) => shown(search, caller.keyPrefix)) }
    },
  )

  app.get<Named>(
    '/v1/saved/:name',
    { schema: { tags, summary: 'One saved search.', params, querystring, response: { 200: savedAnswer } } },
    async (request) => {
      const { caller, view } = readerOf(request, request.query.ledger, services)
      const search = saved.get(view.info.name, request.params.name, caller)
      if (!search) throw unknown(request.params.name)
      return shown(search, caller.keyPrefix)
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
      const { caller, view } = readerOf(request, request.query.ledger, services)
      const { query, description = '', shared = false, pinned = false } = request.body
      const search = { ledger: view.info.name, name: request.params.name, query, description, shared, pinned }
      return shown(await saved.put(search, caller), caller.keyPrefix)
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
      const { caller, view } = readerOf(request, request.query.ledger, services)
      if (!(await saved.delete(view.info.name, request.params.name, caller)))
        throw unknown(request.params.name)
      return reply.code(204).send()
    },
  )
}

function shown(
  { name, owner, shared, pinned, query, description, changedAt }: SavedSearch,
  keyPrefix: string,
) {
  const changed_at = new Date(changedAt).toISOString()
  return { name, query, description, shared, pinned, own: owner === keyPrefix, changed_at }
}

function unknown(name: string): ProblemError {
  return new ProblemError(problem('not-found', `the key sees no saved search ${name.slice(0, 100)}`))
}
