/** For load balancers and orchestrators; open to all, so without content. */
import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.ts'
import { healthAnswer, readyAnswer } from './answers/admin-answers.ts'

export function healthRoutes(app: FastifyInstance, services: Services): void {
  const { ledgers, admission, version } = services
  const tags = ['operations']

  app.get(
    '/healthz',
    { schema: { tags, summary: 'The process is alive.', response: { 200: healthAnswer } } },
    () => ({
      status: 'ok',
      version,
    }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Whether records are taken; reads may work when not.',
        response: { 200: readyAnswer, 503: readyAnswer },
      },
    },
    (_, reply) => {
      const blocked = ledgers.all().filter(({ info }) => info.state.kind === 'blocked')
      const ready = admission.state === 'open' && blocked.length < ledgers.all().length
      return reply.code(ready ? 200 : 503).send({
        status: ready ? 'ready' : admission.state === 'open' ? 'blocked' : admission.state,
        blocked_ledgers: blocked.map(({ info }) => info.name),
      })
    },
  )
}
