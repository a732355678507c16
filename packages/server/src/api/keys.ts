/** API keys: made with what their maker may, listed, revoked. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { administeredKeys, beyondOwn, newKeyLedger } from '../access/administration.ts'
import type { Role } from '../access/roles.ts'
import { SCOPES, type Scope, type StoredKey } from '../directory/directory.ts'
import { LEDGER_NAME_PATTERN } from '../ledger/ledger-name.ts'
import type { Services } from '../services.ts'
import { keysAnswer, newKeyAnswer } from './answers/admin-answers.ts'
import { EMPTY } from './answers/answer.ts'
import { beyondProblem, callerOf, ledgerProblem, noteDenial, ProblemError } from './authorize.ts'
import { problem } from './problem.ts'
import { recordChange } from './record-changes.ts'

const ROLES_OF_A_KEY_MAX = 16
const TEAMS_MAX = 64
const OVERLAP_MINUTES = 60
const OVERLAP_MINUTES_MAX = 30 * 24 * 60

/** Nothing that ends a line or steers a terminal: names of callers are in records of access and in lists. */
const SHOWN_TEXT_PATTERN = '^[^\\p{Cc}\\p{Cs}]+$'

const newKeyBody = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: SHOWN_TEXT_PATTERN,
      description: 'What the key is for.',
    }),
    ledger: Type.Optional(
      Type.String({
        pattern: LEDGER_NAME_PATTERN,
        description: 'The one ledger it opens; default: that of the key that makes it, else all.',
      }),
    ),
    roles: Type.Optional(
      Type.Array(Type.String({ maxLength: 63 }), {
        minItems: 1,
        maxItems: ROLES_OF_A_KEY_MAX,
        uniqueItems: true,
        description: 'What it may (GET /v1/roles); nothing that the caller may not.',
      }),
    ),
    scopes: Type.Optional(
      Type.Array(Type.Union(SCOPES.map((scope) => Type.Literal(scope))), {
        minItems: 1,
        uniqueItems: true,
        description: 'Instead of roles, or beside them: what keys had before there were roles.',
      }),
    ),
    teams: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128, pattern: SHOWN_TEXT_PATTERN }), {
        maxItems: TEAMS_MAX,
        uniqueItems: true,
        description: 'What conditions of roles ask for as `caller.teams`.',
      }),
    ),
    expires_at: Type.Optional(Type.String({ description: 'RFC 3339, in the future; default: never.' })),
  },
  { additionalProperties: false },
)
interface NewKeyBody {
  readonly name: string
  readonly ledger?: string
  readonly roles?: readonly string[]
  readonly scopes?: readonly Scope[]
  readonly teams?: readonly string[]
  readonly expires_at?: string
}

export function keyRoutes(app: FastifyInstance, services: Services): void {
  const { keys, ledgers, roleBook, now } = services
  const tags = ['admin']
  const roleOf = (name: string): Role => {
    const role = roleBook.get(name)
    if (role) return role
    throw new ProblemError(problem('bad-request', `roles: there is no role ${name.slice(0, 100)}`))
  }

  app.get(
    '/v1/keys',
    {
      schema: {
        tags,
        summary: 'API keys that the key looks after, without their secrets.',
        response: { 200: keysAnswer },
      },
    },
    (request) => {
      return {
        keys: administeredKeys(keys.list(), callerOf(request, services, 'manage-keys'), ledgers).map(keyView),
      }
    },
  )

  app.post<{ Body: NewKeyBody }>(
    '/v1/keys',
    {
      schema: {
        tags,
        summary: 'Makes an API key; its token is in this answer and nowhere else.',
        body: newKeyBody,
        response: { 201: newKeyAnswer },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, services, 'manage-keys')
      const { name, scopes = [], roles: names = [], teams, expires_at } = request.body
      if (scopes.length + names.length === 0)
        throw new ProblemError(problem('bad-request', 'roles: a key has at least one role or scope'))
      const choice = newKeyLedger(request.body.ledger, caller, ledgers)
      if (choice.kind === 'refused') {
        if (choice.reason === 'forbidden')
          noteDenial(request, services, { ledger: choice.ledger, caller, permission: 'manage-keys' })
        throw new ProblemError(ledgerProblem(choice))
      }
      const { ledger } = choice
      const beyond = beyondOwn({ scopes, roles: names.map(roleOf) }, ledger, caller, ledgers)
      if (beyond !== undefined) throw beyondProblem(request, services, caller, beyond)
      const expiresAt = expires_at === undefined ? undefined : Date.parse(expires_at)
      if (Number.isNaN(expiresAt))
        throw new ProblemError(
          problem('bad-request', `expires_at: expected a time such as 2027-01-31T00:00:00Z`),
        )
      if (expiresAt !== undefined && expiresAt <= now())
        throw new ProblemError(
          problem('bad-request', `expires_at: ${new Date(expiresAt).toISOString()} has passed`),
        )
      const { key, token } = await keys.create({
        name,
        ledger,
        scopes,
        roles: names,
        ...(teams && { teams }),
        expiresAt,
        createdBy: caller.id,
      })
      try {
        await recordChange(services, request, caller, 'key.created', {
          ledger,
          target: { type: 'key', id: key.prefix },
          asked: { ...request.body },
        })
      } catch (error) {
        // A key that is on no record opens nothing.
        await keys.revoke(key.prefix)
        throw error
      }
      return reply.code(201).send({ ...keyView(key), token })
    },
  )

  app.post<{ Params: { prefix: string }; Body: { overlap_minutes?: number } | null }>(
    '/v1/keys/:prefix/rotate',
    {
      schema: {
        tags,
        summary: 'Makes a new token for what an API key may; the old one goes on for a while.',
        params: Type.Object({ prefix: Type.String() }),
        body: Type.Union([
          Type.Object(
            {
              overlap_minutes: Type.Optional(
                Type.Integer({
                  minimum: 0,
                  maximum: OVERLAP_MINUTES_MAX,
                  description: `How long the old one goes on. Default: ${OVERLAP_MINUTES}.`,
                }),
              ),
            },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
        response: { 201: newKeyAnswer },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, services, 'manage-keys')
      const { prefix } = request.params
      const old = administeredKeys(keys.list(), caller, ledgers).find((each) => each.prefix === prefix)
      const none = (): ProblemError =>
        new ProblemError(
          problem('not-found', `there is no valid API key ${prefix.slice(0, 100)} for you to rotate`),
        )
      if (!old) throw none()
      // The new token is the caller's to use: they must have what it opens, as for any key that they make.
      const roles = old.roles.flatMap((name) => roleBook.get(name) ?? [])
      const beyond = beyondOwn({ scopes: old.scopes, roles }, old.ledger, caller, ledgers)
      if (beyond !== undefined) throw beyondProblem(request, services, caller, beyond)
      const minutes = request.body?.overlap_minutes ?? OVERLAP_MINUTES
      const made = await keys.rotate(prefix, minutes * 60_000, caller.id)
      if (!made) throw none()
      try {
        await recordChange(services, request, caller, 'key.rotated', {
          ledger: old.ledger,
          target: { type: 'key', id: prefix },
          asked: { new: made.key.prefix, overlap_minutes: minutes },
        })
      } catch (error) {
        // A key that is on no record opens nothing.
        await keys.revoke(made.key.prefix)
        throw error
      }
      return reply.code(201).send({ ...keyView(made.key), token: made.token })
    },
  )

  app.delete<{ Params: { prefix: string } }>(
    '/v1/keys/:prefix',
    {
      schema: {
        tags,
        summary: 'Revokes an API key, at once.',
        params: Type.Object({ prefix: Type.String() }),
        response: { 204: EMPTY },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, services, 'manage-keys')
      const { prefix } = request.params
      const key = administeredKeys(keys.list(), caller, ledgers).find((each) => each.prefix === prefix)
      if (!key || !(await keys.revoke(prefix)))
        throw new ProblemError(
          problem('not-found', `there is no API key ${prefix.slice(0, 100)} for this key to revoke`),
        )
      await recordChange(services, request, caller, 'key.revoked', {
        ledger: key.ledger,
        target: { type: 'key', id: prefix },
        asked: {},
      })
      return reply.code(204).send()
    },
  )
}

function keyView(key: StoredKey): object {
  const { prefix, name, ledger, scopes, roles, teams } = key
  const { createdAt, createdBy, rotatedBy, expiresAt, revokedAt, lastUsedAt } = key
  return {
    prefix,
    name,
    ledger: ledger ?? null,
    scopes,
    roles,
    teams,
    created_at: timeOf(createdAt),
    created_by: createdBy ?? null,
    rotated_by: rotatedBy ?? null,
    expires_at: timeOf(expiresAt),
    revoked_at: timeOf(revokedAt),
    last_used_at: timeOf(lastUsedAt),
  }
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
