/** How long records are kept: rules of a ledger, and what they would destroy. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { performAct } from '../erasure/perform-act.ts'
import { wasDeleted } from '../ledger/ledger-info.ts'
import { assertRules, isOnlyLonger, RULES_MAX } from '../retention/retention-rules.ts'
import type { RetentionRule, StoredRetention } from '../retention/retention-store.ts'
import type { Services } from '../services.ts'
import { askedAnswer } from './answers/approval-answers.ts'
import { retentionAnswer, retentionPreviewAnswer } from './answers/retention-answers.ts'
import { askForApproval } from './approvals.ts'
import { keeperOf } from './authorize.ts'

/** A hundred years. */
const DAYS_MAX = 36_525

const rule = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'As `verify` names it; kept for ever.',
    }),
    keep_days: Type.Union([Type.Integer({ minimum: 0, maximum: DAYS_MAX }), Type.Null()], {
      description: 'Days since recorded_at after which records are destroyed; null: never.',
    }),
    query: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        description: 'What it is about: core fields alone, without pipes; default: every record.',
      }),
    ),
  },
  { additionalProperties: false },
)
const body = Type.Object(
  { rules: Type.Array(rule, { maxItems: RULES_MAX, description: 'The first that matches counts.' }) },
  { additionalProperties: false },
)
interface Asked {
  readonly rules: readonly {
    readonly name: string
    readonly keep_days: number | null
    readonly query?: string
  }[]
}

export function retentionRoutes(app: FastifyInstance, services: Services): void {
  const { retention, settings } = services
  const tags = ['admin']
  const params = Type.Object({ ledger: Type.String() })

  app.get<{ Params: { ledger: string } }>(
    '/v1/retention/:ledger',
    {
      schema: {
        tags,
        summary: 'How long the records of a ledger are kept.',
        params,
        response: { 200: retentionAnswer },
      },
    },
    async (request) => {
      const { name } = keeperOf(request, request.params.ledger, services, 'retain').view.info
      return retentionView(name, await retention.get(name))
    },
  )

  app.put<{ Params: { ledger: string }; Body: Asked }>(
    '/v1/retention/:ledger',
    {
      schema: {
        tags,
        summary:
          'Says how long records are kept; what may destroy something sooner, once somebody else has approved it.',
        params,
        body,
        response: { 200: retentionAnswer, 202: askedAnswer },
      },
    },
    async (request, reply) => {
      const { caller, view } = keeperOf(request, request.params.ledger, services, 'retain')
      const { name, state } = view.info
      if (state.kind === 'deleted') throw wasDeleted(name)
      const rules = rulesOf(request.body)
      assertRules(rules)
      const act = { kind: 'retention', ledger: name, rules } as const
      const was = (await retention.get(name))?.rules ?? []
      if (settings.approvals === 'two' && !isOnlyLonger(was, rules))
        return await askForApproval(request, reply, caller, act, services)
      await performAct(act, { askedBy: caller }, services, request)
      return retentionView(name, await retention.get(name))
    },
  )

  app.get<{ Params: { ledger: string } }>(
    '/v1/retention/:ledger/preview',
    {
      schema: {
        tags,
        summary: 'What the rules of a ledger would destroy now.',
        params,
        response: { 200: retentionPreviewAnswer },
      },
    },
    async (request) => {
      const { view } = keeperOf(request, request.params.ledger, services, 'retain')
      const { name } = view.info
      const rules = (await retention.get(name))?.rules ?? []
      return { ledger: name, ...(await retention.preview(view, rules)) }
    },
  )

  app.post<{ Params: { ledger: string }; Body: Asked }>(
    '/v1/retention/:ledger/preview',
    {
      schema: {
        tags,
        summary: 'What these rules would destroy now; nothing is changed.',
        params,
        body,
        response: { 200: retentionPreviewAnswer },
      },
    },
    async (request) => {
      const { view } = keeperOf(request, request.params.ledger, services, 'retain')
      const rules = rulesOf(request.body)
      assertRules(rules)
      return { ledger: view.info.name, ...(await retention.preview(view, rules)) }
    },
  )
}

function rulesOf({ rules }: Asked): readonly RetentionRule[] {
  return rules.map(({ name, keep_days, query }) => ({ name, keepDays: keep_days ?? undefined, query }))
}

function retentionView(ledger: string, stored: StoredRetention | undefined): object {
  const rules = (stored?.rules ?? []).map(({ name, keepDays, query }) => ({
    name,
    keep_days: keepDays ?? null,
    query: query ?? null,
  }))
  const changed_at = stored ? new Date(stored.changedAt).toISOString() : null
  return { ledger, rules, changed_by: stored?.changedBy ?? null, changed_at }
}
