/** For load balancers and orchestrators; open to all, so without content. */
import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.ts'
import { healthAnswer, readyAnswer } from './answers/admin-answers.ts'

export function healthRoutes(app: FastifyInstance, services: Services): void {
  const { ledgers, admission, version, unreachable } = services
  const tags = ['operations']

  app.get(
    '/healthz',
    {
      config: { isProbe: true },
      schema: { tags, summary: 'The process is alive.', response: { 200: healthAnswer } },
    },
    () => ({
      status: 'ok',
      version,
    }),
  )

  app.get(
    '/readyz',
    {
      config: { isProbe: true },
      schema: {
        tags,
        summary: 'Whether records are taken; reads may work when not.',
        response: { 200: readyAnswer, 503: readyAnswer },
      },
    },
    async (_, reply) => {
      const blocked = ledgers.all().filter(({ info }) => info.state.kind === 'blocked')
      const away = await unreachable()
      const status =
        admission.state !== 'open'
          ? admission.state
          : away.some((name) => name !== 'search_index') // records are taken without it
            ? 'unreachable'
            : blocked.length === ledgers.all().length
              ? 'blocked'
              : 'ready'
      return reply.code(status === 'ready' ? 200 : 503).send({
        status,
        blocked_ledgers: blocked.map(({ info }) => info.name),
        unreachable: away,
      })
    },
  )
}
