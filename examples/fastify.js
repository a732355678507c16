// What must not be lost is on this machine's disk before the response goes out, and in the ledger as soon as the server is there.
import { traceStep } from '@trailproof/sdk'
import { trails } from '@trailproof/sdk/fastify'
import fastify from 'fastify'

const app = fastify()
await app.register(trails, {
  service: 'payments',
  delivery: 'disk',
  queue: { spoolDirectory: process.env.SPOOL ?? 'trailproof-spool' },
  redaction: { rules: [{ detect: ['card'], as: 'partial' }] },
})

app.post('/payments', async (request, reply) => {
  const { card, amount } = request.body
  const id = await traceStep('charge', () => Promise.resolve(`p-${amount}`), { request: { card } })
  return reply.code(201).send({ id })
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })
process.once('SIGTERM', () => void app.close())
