/** Roles: those there are, and those that are made. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { withinIn } from '../access/choose-ledger.ts'
import { notHeldFully } from '../access/decide.ts'
import { namesIn, PERMISSION_NAMES, type Permission } from '../access/permissions.ts'
import { HIDDEN_FIELDS_MAX } from '../access/role-book.ts'
import type { Role } from '../access/roles.ts'
import { CONDITION_CHARS_MAX } from '../access/row-condition.ts'
import type { Services } from '../services.ts'
import { EMPTY } from './answers/answer.ts'
import { roleAnswer, rolesAnswer } from './answers/role-answers.ts'
import { beyondProblem, callerOf, ProblemError, wholeOf } from './authorize.ts'
import { problem } from './problem.ts'
import { recordChange } from './record-changes.ts'

const params = Type.Object({ name: Type.String() })
const body = Type.Object(
  {
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    permissions: Type.Array(Type.Union(PERMISSION_NAMES.map((name) => Type.Literal(name))), {
      minItems: 1,
      uniqueItems: true,
    }),
    rows: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: CONDITION_CHARS_MAX,
        description:
          'In CEL: records for which it does not hold are not there, such as `record.labels.team in caller.teams`.',
      }),
    ),
    hidden: Type.Optional(
      Type.Array(Type.String({ maxLength: 512 }), {
        maxItems: HIDDEN_FIELDS_MAX,
        uniqueItems: true,
        description: 'Fields of the personal group that the role never shows.',
      }),
    ),
  },
  { additionalProperties: false },
)

interface RoleBody {
  readonly description?: string
  readonly permissions: readonly Permission[]
  readonly rows?: string
  readonly hidden?: readonly string[]
}

export function roleRoutes(app: FastifyInstance, services: Services): void {
  const { roleBook, callers, ledgers } = services
  const tags = ['admin']
  const shown = ({ name, description, permissions, rows, hidden }: Role) => ({
    name,
    description,
    built_in: roleBook.isBuiltIn(name),
    permissions: namesIn(permissions),
    rows: rows?.source ?? null,
    hidden,
  })

  app.get(
    '/v1/roles',
    { schema: { tags, summary: 'The roles that keys can have.', response: { 200: rolesAnswer } } },
    (request) => {
      callerOf(request, services, 'manage-keys')
      return { roles: roleBook.list().map(shown) }
    },
  )

  app.put<{ Params: { name: string }; Body: RoleBody }>(
    '/v1/roles/:name',
    {
      schema: {
        tags,
        summary:
          'Makes a role, or changes one: streams of keys that have it end, and may be asked for again.',
        params,
        body,
        response: { 200: roleAnswer },
      },
    },
    async (request) => {
      const caller = wholeOf(request, services, 'manage-roles')
      const { name } = request.params
      const { description = '', permissions, rows, hidden = [] } = request.body
      const beyond = notHeldFully(caller, permissions, undefined, withinIn(ledgers))
      if (beyond !== undefined) throw beyondProblem(request, services, caller, beyond)
      const asked = { name, description, permissions, rows, hidden }
      roleBook.check(asked)
      // Before it counts: a role that is on no record allows nothing.
      await recordChange(services, request, caller, 'role.put', {
        ledger: undefined,
        target: { type: 'role', id: name },
        asked: { ...request.body },
      })
      const role = await roleBook.put(asked)
      callers.rolesChanged(new Set([name]))
      return shown(role)
    },
  )

  app.delete<{ Params: { name: string } }>(
    '/v1/roles/:name',
    {
      schema: {
        tags,
        summary: 'Deletes a role that no valid key and no user has.',
        params,
        response: { 204: EMPTY },
      },
    },
    async (request, reply) => {
      const caller = wholeOf(request, services, 'manage-roles')
      const { name } = request.params
      const shortened = name.slice(0, 100)
      if (!roleBook.get(name)) throw new ProblemError(problem('not-found', `there is no role ${shortened}`))
      const [holder] = callers.holdersOf(name)
      if (holder !== undefined && !roleBook.isBuiltIn(name))
        throw new ProblemError(
          problem('bad-request', `${holder} has the role ${shortened}; take it away first`),
        )
      await roleBook.delete(name)
      callers.rolesChanged(new Set([name]))
      await recordChange(services, request, caller, 'role.deleted', {
        ledger: undefined,
        target: { type: 'role', id: name },
        asked: {},
      })
      return reply.code(204).send()
    },
  )
}
