/** Administration: keys, ledgers, quarantine, erasures, the index. */
import { decodeUuid } from '@trailproof/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Access } from '../access/access-log.ts'
import { administeredKeys, ledgerMakingRefusal, newKeyLedger } from '../access/administration.ts'
import type { Caller } from '../access/api-keys.ts'
import { chooseLedger } from '../access/choose-ledger.ts'
import { SCOPES, type Scope, type StoredKey } from '../directory/directory.ts'
import { LEDGER_NAME_PATTERN, ledgerNameProblem } from '../ledger/ledger-name.ts'
import type { LedgerView } from '../ledger/ledger-table.ts'
import { formatMicros } from '../process/format-time.ts'
import type { Services } from '../services.ts'
import {
  erasureAnswer,
  keysAnswer,
  ledgerAnswer,
  ledgersAnswer,
  newKeyAnswer,
  rebuildAnswer,
} from './answers/admin-answers.ts'
import { EMPTY } from './answers/answer.ts'
import { callerOf, ledgerOf, ledgerProblem, ProblemError, readerOf } from './authorize.ts'
import { problem } from './problem.ts'

const newKeyBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, description: 'What the key is for.' }),
    ledger: Type.Optional(
      Type.String({
        pattern: LEDGER_NAME_PATTERN,
        description: 'The one ledger it opens; default: that of the key that makes it, else all.',
      }),
    ),
    scopes: Type.Array(Type.Union(SCOPES.map((scope) => Type.Literal(scope))), {
      minItems: 1,
      uniqueItems: true,
    }),
    expires_at: Type.Optional(Type.String({ description: 'RFC 3339, in the future; default: never.' })),
  },
  { additionalProperties: false },
)
const newLedgerBody = Type.Object({ name: Type.String() }, { additionalProperties: false })
const erasureBody = Type.Object(
  {
    ledger: Type.Optional(Type.String()),
    ids: Type.Array(Type.String(), {
      minItems: 1,
      maxItems: 1000,
      description: 'Records whose personal group is erased.',
    }),
    authority: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: 'Who or what law asks for it; kept for ever.',
    }),
    reason: Type.String({ minLength: 1, maxLength: 1000, description: 'Kept for ever.' }),
  },
  { additionalProperties: false },
)

export function adminRoutes(app: FastifyInstance, services: Services): void {
  const { accessLog, keys, ledgers, writer, indexer, reader, erasures, now } = services
  const admin = (request: Parameters<typeof callerOf>[0]) => callerOf(request, keys, 'admin')
  const tags = ['admin']
  /**
   * Recorded where readers of the ledger's access look; of what concerns all ledgers, with `main`. The caller is who
   * it was before: it may have revoked itself.
   */
  const changed = (
    request: FastifyRequest,
    caller: Caller,
    action: string,
    { ledger = 'main', ...what }: Pick<Access, 'target' | 'asked'> & { ledger: string | undefined },
  ): Promise<void> =>
    accessLog.change({ ledger, caller, action, ip: request.ip, requestId: request.id, ...what })

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
      return { keys: administeredKeys(keys.list(), admin(request), ledgers).map(keyView) }
    },
  )

  app.post<{ Body: { name: string; ledger?: string; scopes: Scope[]; expires_at?: string } }>(
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
      const caller = admin(request)
      const { name, scopes, expires_at } = request.body
      const choice = newKeyLedger(request.body.ledger, caller, ledgers)
      if (choice.kind === 'refused') throw new ProblemError(ledgerProblem(choice))
      const { ledger } = choice
      const expiresAt = expires_at === undefined ? undefined : Date.parse(expires_at)
      if (Number.isNaN(expiresAt))
        throw new ProblemError(
          problem('bad-request', `expires_at: expected a time such as 2027-01-31T00:00:00Z`),
        )
      if (expiresAt !== undefined && expiresAt <= now())
        throw new ProblemError(
          problem('bad-request', `expires_at: ${new Date(expiresAt).toISOString()} has passed`),
        )
      const { key, token } = await keys.create({ name, ledger, scopes, expiresAt })
      try {
        await changed(request, caller, 'key.created', {
          ledger,
          target: { type: 'key', id: key.prefix },
          asked: request.body,
        })
      } catch (error) {
        // A key that is on no record opens nothing.
        await keys.revoke(key.prefix)
        throw error
      }
      return reply.code(201).send({ ...keyView(key), token })
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
      const caller = admin(request)
      const { prefix } = request.params
      const key = administeredKeys(keys.list(), caller, ledgers).find((each) => each.prefix === prefix)
      if (!key || !(await keys.revoke(prefix)))
        throw new ProblemError(
          problem('not-found', `there is no API key ${prefix.slice(0, 100)} for this key to revoke`),
        )
      await changed(request, caller, 'key.revoked', {
        ledger: key.ledger,
        target: { type: 'key', id: prefix },
        asked: {},
      })
      return reply.code(204).send()
    },
  )

  app.get(
    '/v1/ledgers',
    { schema: { tags, summary: 'The ledgers this key can read.', response: { 200: ledgersAnswer } } },
    (request) => {
      const caller = callerOf(request, keys, 'read')
      const readable = ledgers
        .all()
        .filter(({ info }) => chooseLedger(info.name, caller, ledgers, 'read').kind === 'ledger')
      return { ledgers: readable.map(ledgerView) }
    },
  )

  app.get<{ Params: { name: string } }>(
    '/v1/ledgers/:name',
    {
      schema: {
        tags: ['evidence'],
        summary: 'One ledger: size, checkpoint, and the verifier keys to pin.',
        params: Type.Object({ name: Type.String() }),
        response: { 200: ledgerAnswer },
      },
    },
    (request) => {
      return ledgerView(readerOf(request, request.params.name, services).view)
    },
  )

  app.post<{ Body: { name: string } }>(
    '/v1/ledgers',
    {
      schema: {
        tags,
        summary: 'Makes a ledger with its own tree, key and access.',
        body: newLedgerBody,
        response: { 201: ledgerAnswer },
      },
    },
    async (request, reply) => {
      const caller = admin(request)
      const refusal = ledgerMakingRefusal(caller, ledgers)
      if (refusal) throw new ProblemError(ledgerProblem(refusal))
      const { name } = request.body
      const wrong = ledgerNameProblem(name)
      if (wrong) throw new ProblemError(problem('bad-request', wrong))
      if (ledgers.get(name))
        throw new ProblemError(problem('ledger-exists', `there is already a ledger ${name}`))
      const view = ledgers.add(await writer.createLedger(name))
      await changed(request, caller, 'ledger.created', {
        ledger: name,
        target: { type: 'ledger', id: name },
        asked: {},
      })
      return reply.code(201).send(ledgerView(view))
    },
  )

  app.post<{ Body: { ledger?: string; ids: string[]; authority: string; reason: string } }>(
    '/v1/erasures',
    {
      schema: {
        tags,
        summary: 'Erases the personal group of records for ever; proofs stay valid.',
        body: erasureBody,
        response: { 200: erasureAnswer },
      },
    },
    async (request) => {
      const caller = admin(request)
      const { ids, authority, reason } = request.body
      const { name } = ledgerOf(request.body.ledger, caller, ledgers, 'write').info
      const ranges: { from: number; to: number }[] = []
      for (const id of ids) {
        const bytes = decodeUuid(id.toLowerCase())
        const index = bytes && (await reader.find(name, bytes))
        if (index === undefined)
          throw new ProblemError(problem('not-found', `ledger ${name} has no record ${id}`))
        ranges.push({ from: index, to: index + 1 })
      }
      const { indexes, recordedAt } = await erasures.erase({ ledger: name, ranges, authority, reason })
      await changed(request, caller, 'erasure', { ledger: name, asked: { ranges, authority } })
      return {
        ledger: name,
        erased: ids,
        erasure_index: indexes[0],
        recorded_at: formatMicros(recordedAt[0]!),
        checkpoint: ledgers.get(name)!.checkpoint,
      }
    },
  )

  app.post<{ Params: { name: string } }>(
    '/v1/ledgers/:name/index/rebuild',
    {
      schema: {
        tags,
        summary: 'Builds the search index again from the ledger; searches find less until it has caught up.',
        params: Type.Object({ name: Type.String() }),
        response: { 202: rebuildAnswer },
      },
    },
    async (request, reply) => {
      const { info, size } = ledgerOf(request.params.name, admin(request), ledgers)
      await indexer.rebuild(info.name)
      return reply.code(202).send({ ledger: info.name, size })
    },
  )
}

function keyView({ prefix, name, ledger, scopes, createdAt, expiresAt, revokedAt }: StoredKey): object {
  return {
    prefix,
    name,
    ledger: ledger ?? null,
    scopes,
    created_at: timeOf(createdAt),
    expires_at: timeOf(expiresAt),
    revoked_at: timeOf(revokedAt),
  }
}

function ledgerView({ info, size, checkpoint, indexedSize }: LedgerView): unknown {
  return {
    name: info.name,
    origin: info.origin,
    state: info.state,
    size,
    indexed_size: indexedSize,
    checkpoint,
    verifier_keys: info.verifierKey === '' ? [] : [info.verifierKey],
  }
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
