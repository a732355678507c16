import { Readable } from 'node:stream'
import { trails } from '@trailproof/sdk/fastify'
import fastify from 'fastify'
import { describe } from 'vitest'
import { runMiddlewareSuite } from './suite.ts'

describe('Fastify 5', () => {
  runMiddlewareSuite(async (recorder, { released, large, steps }) => {
    async function* pieces() {
      yield 'one'
      await released()
      yield 'two'
    }
    const app = fastify({ forceCloseConnections: true })
    await app.register(trails, { recorder })
    app.addContentTypeParser('text/plain', (_request, payload, done) => done(null, payload))
    app.get<{ Params: { id: string } }>('/orders/:id', ({ params }) => Promise.resolve({ id: params.id }))
    app.post('/orders', (request, reply) => reply.code(201).send(request.body))
    app.post<{ Body: Readable | undefined }>('/upload', async ({ body }, reply) => {
      let size = 0
      for await (const chunk of body ?? []) size += (chunk as Buffer).length
      return reply.type('text/plain').send(String(size))
    })
    app.get('/stream', (_request, reply) => reply.type('text/plain').send(Readable.from(pieces())))
    app.get('/throws', () => {
      throw new Error('boom')
    })
    app.get('/rejects', async () => {
      await new Promise((resolve) => setImmediate(resolve))
      throw new Error('boom')
    })
    app.get('/denied', (_request, reply) => reply.code(403).send())
    app.get('/nothing', (_request, reply) => reply.code(204).send())
    app.get('/large', (_request, reply) => reply.type('text/plain').send(large()))
    app.get('/steps', () => steps())
    app.get('/hangs', () => new Promise(() => undefined))
    await app.listen({ port: 0 })
    return { port: (app.addresses()[0] as { port: number }).port, close: () => app.close() }
  })
})
