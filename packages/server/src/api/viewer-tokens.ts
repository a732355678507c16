/** Makes viewer tokens, for servers of a product whose customers see their own records. */
import { QUERY_CHARS_MAX } from '@trailproof/core/query'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { withinIn } from '../access/choose-ledger.ts'
import { viewerGrant } from '../access/viewer-grant.ts'
import { type ViewerPass, viewerFilter, viewerId } from '../access/viewer-tokens.ts'
import { LEDGER_NAME_PATTERN } from '../ledger/ledger-name.ts'
import type { Services } from '../services.ts'
import { viewerTokenAnswer } from './answers/admin-answers.ts'
import { deny, keeperOf, ProblemError } from './authorize.ts'
import { problem } from './problem.ts'
import { queryOf } from './query-parameters.ts'
import { recordChange } from './record-changes.ts'

/** A token is sent in a header with each request. */
const VIEWER_QUERY_CHARS_MAX = Math.min(2000, QUERY_CHARS_MAX)
const LIFETIME_SECONDS = 900
const LIFETIME_SECONDS_LEAST = 10
const LIFETIME_SECONDS_MOST = 86_400

const viewerTokenBody = Type.Object(
  {
    ledger: Type.Optional(
      Type.String({ pattern: LEDGER_NAME_PATTERN, description: 'Ledger name; default: the key’s.' }),
    ),
    query: Type.String({
      minLength: 1,
      maxLength: VIEWER_QUERY_CHARS_MAX,
      description:
        'What the viewer sees: a query without pipes or saved searches. All that is asked is asked within it.',
    }),
    name: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[^\\p{Cc}\\p{Cs}]+$',
      description:
        'Who looks, as the ledger of accesses is to say it: the customer’s id, not a name or e-mail address.',
    }),
    personal: Type.Boolean({
      default: false,
      description: 'Show personal data, which the key must see (see-personal). Default: it is masked.',
    }),
    prove: Type.Boolean({
      default: false,
      description: 'Show entries and proofs of what it sees, which takes prove.',
    }),
    expires_in: Type.Integer({
      minimum: LIFETIME_SECONDS_LEAST,
      maximum: LIFETIME_SECONDS_MOST,
      default: LIFETIME_SECONDS,
      description: 'Seconds.',
    }),
  },
  { additionalProperties: false },
)
interface ViewerTokenBody {
  readonly ledger?: string
  readonly query: string
  readonly name: string
  readonly personal: boolean
  readonly prove: boolean
  readonly expires_in: number
}

export function viewerTokenRoutes(app: FastifyInstance, services: Services): void {
  const { viewers, ledgers, now } = services

  app.post<{ Body: ViewerTokenBody }>(
    '/v1/viewer-tokens',
    {
      schema: {
        tags: ['read'],
        summary: 'Makes a token with which a browser sees what a query selects, and nothing else.',
        body: viewerTokenBody,
        response: { 201: viewerTokenAnswer },
      },
    },
    async (request, reply) => {
      const { ledger: asked, query, name, personal, prove, expires_in } = request.body
      const maker = keeperOf(request, asked, services, 'make-viewers')
      const ledger = maker.view.info.name
      const { caller } = maker
      if (caller.subject.kind !== 'key')
        throw deny(maker, 'make-viewers', 'viewer tokens are made by API keys, and end with them')
      // Says where it is not understood.
      queryOf({ q: query }, () => undefined)
      const filter = viewerFilter(query)
      if (filter === undefined)
        throw new ProblemError(problem('bad-query', 'query: it selects records, and has no pipes'))
      const decision = viewerGrant(caller, { ledger, filter, personal, prove }, withinIn(ledgers))
      if (decision.kind === 'denied') throw deny(maker, decision.permission, decision.detail)
      const expiresAt = now() + expires_in * 1000
      const pass: ViewerPass = { maker: caller.subject.id, ledger, query, name, personal, prove, expiresAt }
      const id = viewerId(pass)
      // A token that is on no record is not given.
      await recordChange(services, request, caller, 'viewer.created', {
        ledger,
        target: { type: 'viewer', id },
        asked: { query, name, personal, prove, expires_in },
      })
      return reply
        .code(201)
        .send({ token: viewers.make(pass), id, ledger, expires_at: new Date(expiresAt).toISOString() })
    },
  )
}
