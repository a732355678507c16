/** Legal holds: placed by one, released by two. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { seesWhole } from '../access/sight.ts'
import { performAct } from '../erasure/perform-act.ts'
import { queryText } from '../export/query-text.ts'
import type { HeldRecords, StoredHold } from '../holds/hold-store.ts'
import type { Services } from '../services.ts'
import { askedAnswer } from './answers/approval-answers.ts'
import { holdAnswer, holdsAnswer, releasedAnswer } from './answers/hold-answers.ts'
import { askForApproval } from './approvals.ts'
import { keeperOf, ProblemError, type Reader } from './authorize.ts'
import { problem } from './problem.ts'
import { filterOnly } from './query-parameters.ts'
import { recordChange } from './record-changes.ts'
import { askedBy } from './sighted-query.ts'

const HOLD_NAME = '^[a-z0-9][a-z0-9-]{0,62}$'
const text = (description: string) => Type.String({ minLength: 1, maxLength: 1000, description })
const why = {
  authority: text('Who or what law asks for it; kept for ever.'),
  reason: text('Kept for ever: name nobody.'),
}
const id = Type.String({ minLength: 1, maxLength: 512 })
const index = (description: string) => Type.Integer({ minimum: 0, description })
const newHold = Type.Object(
  {
    ledger: Type.Optional(Type.String()),
    name: Type.String({ pattern: HOLD_NAME, description: 'Names nobody: it is kept for ever.' }),
    ...why,
    query: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4096, description: 'All that match, also later on.' }),
    ),
    subject: Type.Optional(
      Type.Object(
        { id, type: Type.Optional(id) },
        {
          additionalProperties: false,
          description: 'All that an erasure of somebody would find, also later on.',
        },
      ),
    ),
    range: Type.Optional(
      Type.Object(
        { from: index('First entry.'), to: index('The entry after the last one.') },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)
interface NewHold {
  readonly ledger?: string
  readonly name: string
  readonly authority: string
  readonly reason: string
  readonly query?: string
  readonly subject?: { readonly id: string; readonly type?: string }
  readonly range?: { readonly from: number; readonly to: number }
}

export function holdRoutes(app: FastifyInstance, services: Services): void {
  const { holds, settings } = services
  const tags = ['admin']

  app.get<{ Querystring: { ledger?: string } }>(
    '/v1/holds',
    {
      schema: {
        tags,
        summary: 'Legal holds of a ledger, by name.',
        querystring: Type.Object({ ledger: Type.Optional(Type.String()) }),
        response: { 200: holdsAnswer },
      },
    },
    async (request) => {
      const reader = keeperOf(request, request.query.ledger, services, 'hold')
      const { name } = reader.view.info
      const all = await holds.list(name)
      return { ledger: name, holds: all.map((hold) => holdView(hold, reader)) }
    },
  )

  app.post<{ Body: NewHold }>(
    '/v1/holds',
    {
      schema: {
        tags,
        summary: 'Places a legal hold: what it is about is neither erased nor destroyed by retention.',
        body: newHold,
        response: { 201: holdAnswer },
      },
    },
    async (request, reply) => {
      const { name, authority, reason } = request.body
      const reader = keeperOf(request, request.body.ledger, services, 'hold', 'write')
      const { caller, view } = reader
      const ledger = view.info.name
      const records = heldRecords(request.body, reader, services)
      const heldBy = { id: caller.id, name: caller.name }
      const hold = await holds.place({ ledger, name, records, authority, reason, heldBy })
      await recordChange(services, request, caller, 'hold.placed', {
        ledger,
        target: { type: 'hold', id: name },
        asked: { authority, reason },
      })
      return reply.code(201).send(holdView(hold, reader))
    },
  )

  app.delete<{
    Params: { name: string }
    Querystring: { ledger?: string; authority: string; reason: string }
  }>(
    '/v1/holds/:name',
    {
      schema: {
        tags,
        summary: 'Releases a legal hold, once somebody else has approved it.',
        params: Type.Object({ name: Type.String() }),
        querystring: Type.Object({ ledger: Type.Optional(Type.String()), ...why }),
        response: { 200: releasedAnswer, 202: askedAnswer },
      },
    },
    async (request, reply) => {
      const { authority, reason } = request.query
      const { caller, view } = keeperOf(request, request.query.ledger, services, 'hold')
      const ledger = view.info.name
      const hold = (await holds.list(ledger)).find(({ name }) => name === request.params.name)
      if (!hold)
        throw new ProblemError(
          problem('not-found', `ledger ${ledger} has no hold ${request.params.name.slice(0, 100)}`),
        )
      const { name, heldAt } = hold
      const act = { kind: 'hold-release', ledger, name, heldAt, authority, reason } as const
      if (settings.approvals === 'two') return await askForApproval(request, reply, caller, act, services)
      return await performAct(act, { askedBy: caller }, services, request)
    },
  )
}

/** Exactly one of the three; a query only about what the caller may ask about. */
function heldRecords({ query, subject, range }: NewHold, reader: Reader, services: Services): HeldRecords {
  if ([query, subject, range].filter((each) => each !== undefined).length !== 1)
    throw new ProblemError(problem('bad-request', 'say what is held: one of query, subject and range'))
  if (subject !== undefined) return { kind: 'subject', ...subject }
  if (range !== undefined) {
    if (range.from >= range.to || range.to > reader.view.size)
      throw new ProblemError(
        problem(
          'bad-request',
          `range: from before to, within the ${reader.view.size} entries that there are`,
        ),
      )
    return { kind: 'range', ...range }
  }
  const filter = filterOnly(askedBy(reader, { q: query! }, services), 'a hold')
  const asText = filter && queryText(filter)
  if (!asText) throw new ProblemError(problem('bad-query', 'query: name what is held'))
  return { kind: 'query', query: asText }
}

/** Whom or what a hold asks about is told to who sees personal data. */
function holdView(hold: StoredHold, { sight }: Reader): object {
  const { ledger, name, records, authority, reason, heldBy, heldAt, entry } = hold
  const { kind, ...what } = records
  const isShown = kind === 'range' || seesWhole(sight)
  return {
    ledger,
    name,
    held: isShown ? { [kind]: 'query' in what ? what.query : what } : null,
    authority,
    reason,
    held_by: heldBy,
    held_at: new Date(heldAt).toISOString(),
    entry: entry ?? null,
  }
}
