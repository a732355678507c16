/** For load balancers, orchestrators and Prometheus; open to all, so without content. */
import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.ts'

export function healthRoutes(app: FastifyInstance, services: Services): void {
  const { ledgers, admission, sequencer, directory, metrics, version } = services
  const tags = ['operations']

  app.get('/healthz', { schema: { tags, summary: 'The process is alive.' } }, () => ({
    status: 'ok',
    version,
  }))

  app.get(
    '/readyz',
    { schema: { tags, summary: 'Whether records are taken; reads may work when not.' } },
    (_, reply) => {
      const blocked = ledgers.all().filter(({ info }) => info.state.kind === 'blocked')
      const ready = admission.state === 'open' && blocked.length < ledgers.all().length
      return reply.code(ready ? 200 : 503).send({
        status: ready ? 'ready' : admission.state === 'open' ? 'blocked' : admission.state,
        blocked_ledgers: blocked.map(({ info }) => info.name),
      })
    },
  )

  app.get(
    '/metrics',
    { schema: { tags, summary: 'Metrics in Prometheus’ text format.' } },
    async (_, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(
        metrics.render({
          ledgers: ledgers
            .all()
            .map(({ info, size, indexedSize }) => ({ name: info.name, size, indexedSize })),
          waitingRecords: sequencer.waitingRecords,
          freeBytes: admission.freeBytes,
          quarantinedRecords: await directory.quarantineSize(),
        }),
      ),
  )
}
