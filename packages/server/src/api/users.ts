/** Users and invitations: made with what their maker may, listed, changed, removed. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { administersRoles, beyondGiven } from '../access/administration.ts'
import { callerId } from '../access/caller.ts'
import type { IdentifiedCaller } from '../access/caller-watch.ts'
import { GIVEN_ROLE_PATTERN, readGivenRole } from '../access/given-role.ts'
import type { StoredUser } from '../directory/identities.ts'
import { INVITATION_HOURS_MAX } from '../identity/invitations.ts'
import { importProblem, PASSWORD_LENGTH_MAX, passwordProblem } from '../identity/passwords.ts'
import type { Services } from '../services.ts'
import { EMPTY } from './answers/answer.ts'
import {
  invitationsAnswer,
  newInvitationAnswer,
  userAnswer,
  usersAnswer,
} from './answers/identity-answers.ts'
import { beyondProblem, callerOf, noteDenial, ProblemError } from './authorize.ts'
import { invitationView, userView } from './identity-views.ts'
import { problem } from './problem.ts'
import { recordChange } from './record-changes.ts'

const ROLES_OF_A_USER_MAX = 16
const TEAMS_MAX = 64

/** One at, something on both sides, nothing that is not seen. What takes mail says the rest. */
const email = Type.String({ pattern: '^[^\\s@\\p{C}]{1,64}@[^\\s@\\p{C}]{1,189}$', maxLength: 254 })
const name = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\p{Cc}\\p{Cs}]+$' })
const roles = Type.Array(Type.String({ pattern: GIVEN_ROLE_PATTERN }), {
  maxItems: ROLES_OF_A_USER_MAX,
  uniqueItems: true,
  description: 'What they may (GET /v1/roles): `role`, or `role@ledger`; nothing that the caller may not.',
})
const teams = Type.Array(Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\p{Cc}\\p{Cs}]+$' }), {
  maxItems: TEAMS_MAX,
  uniqueItems: true,
  description: 'What conditions of roles ask for as `caller.teams`.',
})
const idParams = Type.Object({ id: Type.String() })
const closed = { additionalProperties: false } as const

interface InvitationBody {
  readonly email: string
  readonly roles: readonly string[]
  readonly teams?: readonly string[]
  readonly expires_hours?: number
}

interface ImportBody {
  readonly email: string
  readonly name: string
  readonly password_hash: string
  readonly roles: readonly string[]
  readonly teams?: readonly string[]
}

interface UserChangeBody {
  readonly name?: string
  readonly roles?: readonly string[]
  readonly teams?: readonly string[]
  readonly disabled?: boolean
}

export function userRoutes(app: FastifyInstance, services: Services): void {
  const { people, invitations, ledgers, roleBook, now } = services
  const tags = ['access']

  /** Whoever may give all of these roles; or the problem thrown. */
  const assertGives = (request: FastifyRequest, caller: IdentifiedCaller, given: readonly string[]): void => {
    for (const text of given) {
      const { role, ledger } = readGivenRole(text)
      if (!roleBook.get(role)) throw bad(`roles: there is no role ${role}`)
      if (ledger !== undefined && administersRoles(caller, [text], ledgers) && !ledgers.get(ledger))
        throw bad(`roles: there is no ledger ${ledger}`)
    }
    if (!administersRoles(caller, given, ledgers)) {
      noteDenial(request, services, { ledger: undefined, caller, permission: 'manage-users' })
      throw new ProblemError(problem('forbidden', 'roles: you do not look after users of all these ledgers'))
    }
    const beyond = beyondGiven(given, roleBook, caller, ledgers)
    if (beyond !== undefined) throw beyondProblem(request, services, caller, beyond)
  }

  /** A user whom the caller looks after; or the problem thrown. */
  const userOf = (caller: IdentifiedCaller, id: string): StoredUser => {
    const user = people.users.get(id)
    if (user && administersRoles(caller, user.roles, ledgers)) return user
    throw new ProblemError(problem('not-found', `there is no user ${id.slice(0, 100)} whom you look after`))
  }

  app.get(
    '/v1/users',
    { schema: { tags, summary: 'The users that the caller looks after.', response: { 200: usersAnswer } } },
    (request) => {
      const caller = callerOf(request, services, 'manage-users')
      const users = people.users.list().filter((user) => administersRoles(caller, user.roles, ledgers))
      return { users: users.map(userView) }
    },
  )

  app.post<{ Body: ImportBody }>(
    '/v1/users',
    {
      schema: {
        tags,
        summary: 'Takes a user over from another system, with the hash of their password.',
        body: Type.Object(
          {
            email,
            name,
            password_hash: Type.String({
              maxLength: 200,
              description: 'argon2id as PHC text, or bcrypt; made anew with argon2id at the next login.',
            }),
            roles,
            teams: Type.Optional(teams),
          },
          closed,
        ),
        response: { 201: userAnswer },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, services, 'manage-users')
      const { email: address, name: called, password_hash: hash, roles: given, teams: of = [] } = request.body
      assertGives(request, caller, given)
      const wrong = importProblem(hash)
      if (wrong !== undefined) throw bad(`password_hash: ${wrong}`)
      const asked = { email: address, name: called, passwordHash: hash, roles: given, teams: of }
      const user = await people.users.add(asked)
      if (!user) throw exists()
      await recordUser(request, caller, user, 'user.imported')
      return reply.code(201).send(userView(user))
    },
  )

  app.patch<{ Params: { id: string }; Body: UserChangeBody }>(
    '/v1/users/:id',
    {
      schema: {
        tags,
        summary: 'Changes a user: what is not named stays. Sessions of one who is disabled end.',
        params: idParams,
        body: Type.Object(
          {
            name: Type.Optional(name),
            roles: Type.Optional(roles),
            teams: Type.Optional(teams),
            disabled: Type.Optional(Type.Boolean()),
          },
          { ...closed, minProperties: 1 },
        ),
        response: { 200: userAnswer },
      },
    },
    async (request) => {
      const caller = callerOf(request, services, 'manage-users')
      const user = userOf(caller, request.params.id)
      const { disabled, ...change } = request.body
      const { name: called, ...asked } = request.body
      if (change.roles) assertGives(request, caller, change.roles)
      // Conditions of roles ask for these: another team shows other records, which only who sees them all gives.
      else if (change.teams || called !== undefined)
        assertGives(
          request,
          caller,
          user.roles.filter((given) => roleBook.get(readGivenRole(given).role)?.rows),
        )
      const staysOwner = change.roles === undefined || change.roles.includes('owner')
      if (people.users.isLastOwner(user.id) && !(staysOwner && disabled !== true)) throw lastOwner()
      // Before it counts: what is on no record allows nothing. A name is no part of it, as people can be erased.
      await recordChange(services, request, caller, 'user.changed', {
        ledger: undefined,
        target: target(user),
        asked: { ...asked, ...(called !== undefined && { renamed: true }) },
      })
      const changed = await people.change(user.id, {
        ...change,
        ...(disabled !== undefined && { disabledAt: disabled ? (user.disabledAt ?? now()) : undefined }),
      })
      if (!changed) throw new ProblemError(problem('not-found', 'the user was deleted meanwhile'))
      return userView(changed)
    },
  )

  app.delete<{ Params: { id: string } }>(
    '/v1/users/:id',
    {
      schema: {
        tags,
        summary:
          'Destroys the account of a user; what is recorded of them is erased by POST /v1/erasures/subject.',
        params: idParams,
        response: { 204: EMPTY },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, services, 'manage-users')
      const user = userOf(caller, request.params.id)
      if (people.users.isLastOwner(user.id)) throw lastOwner()
      await people.remove(user.id)
      await recordChange(services, request, caller, 'user.deleted', {
        ledger: undefined,
        target: target(user),
        asked: {},
      })
      return reply.code(204).send()
    },
  )

  app.get(
    '/v1/invitations',
    {
      schema: { tags, summary: 'Invitations that can be accepted.', response: { 200: invitationsAnswer } },
    },
    async (request) => {
      const caller = callerOf(request, services, 'manage-users')
      const all = (await invitations.list()).filter((each) => administersRoles(caller, each.roles, ledgers))
      return { invitations: all.map(invitationView) }
    },
  )

  app.post<{ Body: InvitationBody }>(
    '/v1/invitations',
    {
      schema: {
        tags,
        summary: 'Invites somebody: the token in this answer, and nowhere else, makes them a user once.',
        body: Type.Object(
          {
            email,
            roles,
            teams: Type.Optional(teams),
            expires_hours: Type.Optional(
              Type.Integer({ minimum: 1, maximum: INVITATION_HOURS_MAX, description: 'Default: 72.' }),
            ),
          },
          closed,
        ),
        response: { 201: newInvitationAnswer },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, services, 'manage-users')
      const { email: address, roles: given, teams: of = [], expires_hours: hours } = request.body
      assertGives(request, caller, given)
      const made = await invitations.make({
        email: address,
        roles: given,
        teams: of,
        hours,
        invitedBy: caller.id,
      })
      if (!made) throw exists()
      try {
        await recordChange(services, request, caller, 'invitation.made', {
          ledger: undefined,
          target: { type: 'invitation', id: made.invitation.id },
          asked: { roles: given, teams: of },
        })
      } catch (error) {
        // An invitation that is on no record opens nothing.
        await invitations.delete(made.invitation.id)
        throw error
      }
      return reply.code(201).send({ ...invitationView(made.invitation), token: made.token })
    },
  )

  app.delete<{ Params: { id: string } }>(
    '/v1/invitations/:id',
    { schema: { tags, summary: 'Takes an invitation back.', params: idParams, response: { 204: EMPTY } } },
    async (request, reply) => {
      const caller = callerOf(request, services, 'manage-users')
      const { id } = request.params
      const there = (await invitations.list()).find((each) => each.id === id)
      if (!there || !administersRoles(caller, there.roles, ledgers) || !(await invitations.delete(id)))
        throw new ProblemError(problem('not-found', `there is no invitation ${id.slice(0, 100)} of yours`))
      await recordChange(services, request, caller, 'invitation.withdrawn', {
        ledger: undefined,
        target: { type: 'invitation', id },
        asked: {},
      })
      return reply.code(204).send()
    },
  )

  app.post<{ Body: { token: string; name: string; password: string } }>(
    '/v1/invitations/accept',
    {
      config: { checksOrigin: true },
      schema: {
        tags,
        summary: 'Makes whoever shows the token of an invitation a user. Open.',
        body: Type.Object(
          {
            token: Type.String({ maxLength: 100 }),
            name,
            password: Type.String({ maxLength: 4 * PASSWORD_LENGTH_MAX }),
          },
          closed,
        ),
        response: { 201: userAnswer },
      },
    },
    async (request, reply) => {
      const { token, name: called, password } = request.body
      const invitation = await invitations.find(token)
      if (!invitation) throw notInvited(request)
      const wrong = passwordProblem(password)
      if (wrong !== undefined) throw bad(wrong)
      const user = await invitations.accept(invitation, { name: called, password })
      if (user === 'gone') throw notInvited(request)
      if (user === 'taken') throw exists()
      await recordUser(request, { id: target(user).id, name: user.name }, user, 'user.joined')
      return reply.code(201).send(userView(user))
    },
  )

  function notInvited(request: FastifyRequest): ProblemError {
    const reason = 'no such invitation'
    noteDenial(request, services, { ledger: undefined, caller: undefined, permission: undefined, reason })
    return new ProblemError(problem('unauthorized', 'no such invitation, or it was used or has expired'))
  }

  /** A user who is on no record may nothing. */
  async function recordUser(
    request: FastifyRequest,
    caller: Pick<IdentifiedCaller, 'id' | 'name'>,
    user: StoredUser,
    action: string,
  ): Promise<void> {
    try {
      await recordChange(services, request, caller, action, {
        ledger: undefined,
        target: target(user),
        asked: { roles: user.roles, teams: user.teams },
      })
    } catch (error) {
      await people.remove(user.id)
      throw error
    }
  }
}

function target({ id }: StoredUser): { readonly type: string; readonly id: string } {
  return { type: 'user', id: callerId({ kind: 'user', id }) }
}

function bad(detail: string): ProblemError {
  return new ProblemError(problem('bad-request', detail))
}

function exists(): ProblemError {
  return new ProblemError(problem('user-exists', 'email: there is already a user with this address'))
}

function lastOwner(): ProblemError {
  return new ProblemError(
    problem(
      'last-owner',
      'this is the last user who is owner of all ledgers and may log in; make another one first',
    ),
  )
}
