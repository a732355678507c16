/** What whoever asks may: for programs that show people only what they can do. */
import type { FastifyInstance } from 'fastify'
import { withinIn } from '../access/choose-ledger.ts'
import { decide } from '../access/decide.ts'
import { namesIn } from '../access/permissions.ts'
import type { Services } from '../services.ts'
import { meAnswer } from './answers/role-answers.ts'
import { callerOf } from './authorize.ts'

export function accessMeRoute(app: FastifyInstance, services: Services): void {
  const { ledgers } = services

  app.get(
    '/v1/access/me',
    {
      schema: {
        tags: ['admin'],
        summary: 'Who asks, and what they may. Open to every valid key.',
        response: { 200: meAnswer },
      },
    },
    (request) => {
      const caller = callerOf(request, services)
      const isWithin = withinIn(ledgers)
      return {
        kind: caller.subject.kind,
        id: caller.id,
        name: caller.name,
        grants: caller.grants.map(({ role, ledger }) => ({
          role: role.name,
          ledger: ledger ?? null,
          permissions: namesIn(role.permissions),
          rows: role.rows?.source ?? null,
          hidden: role.hidden,
        })),
        ledgers: ledgers.all().flatMap(({ info: { name } }) => {
          const decision = decide(caller, 'read', name, isWithin)
          if (decision.kind === 'denied') return []
          const { rows, personal, hidden } = decision.sight
          const may_unmask = decide(caller, 'unmask', name, isWithin).kind === 'allowed'
          return [{ ledger: name, personal, may_unmask, all_rows: rows === undefined, hidden }]
        }),
      }
    },
  )
}
