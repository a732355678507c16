import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createRecorder, memorySink } from '@trailproof/sdk'
import { trailErrors, trails } from '@trailproof/sdk/express'
import express5, { type Response } from 'express'
import express4 from 'express-4'
import { describe, expect, test } from 'vitest'
import { runMiddlewareSuite, type StartService } from './suite.ts'

/** Both versions are called alike here. */
const VERSIONS: Readonly<Record<string, typeof express5>> = { 'Express 5': express5, 'Express 4': express4 }

describe.each(Object.entries(VERSIONS))('%s', (_name, express) => {
  const start: StartService = async (recorder, { released, large, steps }) => {
    const app = express()
    app.use(trails(recorder))
    app.get('/orders/:id', (request, response) => void response.json({ id: request.params['id'] }))
    app.post('/orders', express.json(), (request, response) => void response.status(201).json(request.body))
    app.post('/upload', (request, response) => {
      let size = 0
      request.on('data', (chunk: Buffer) => (size += chunk.length))
      request.on('end', () => response.type('text').send(String(size)))
    })
    app.get('/stream', (_request, response) => {
      response.type('text/plain')
      response.write('one')
      void released().then(() => void response.end('two'))
    })
    app.get('/throws', () => {
      throw new Error('boom')
    })
    app.get('/rejects', (_request, _response, next) => {
      setImmediate(() => next(new Error('boom')))
    })
    app.get('/denied', (_request, response) => void response.sendStatus(403))
    app.get('/nothing', (_request, response) => void response.sendStatus(204))
    app.get('/large', (_request, response) => void response.type('text').send(large()))
    app.get('/steps', (_request, response, next) => {
      steps().then((result) => response.send(result), next)
    })
    app.get('/hangs', () => undefined)
    app.use(trailErrors())
    app.use((_error: unknown, _request: unknown, response: Response, _next: unknown) => {
      response.status(500).send('failed')
    })
    const server = app.listen(0)
    await once(server, 'listening')
    return {
      port: (server.address() as AddressInfo).port,
      close: () => {
        server.closeAllConnections()
        server.close()
      },
    }
  }
  runMiddlewareSuite(start)

  test('a router that is mounted under a parameter keeps its value out of the route', async () => {
    const sink = memorySink()
    const recorder = createRecorder({ sink })
    const app = express()
    app.use(trails(recorder))
    const router = express.Router()
    router.get('/users/:id', (_request, response) => void response.send('ok'))
    app.use('/v1/tenants/:tenant', router)
    const server = app.listen(0)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await (await fetch(`http://127.0.0.1:${port}/v1/tenants/alice@example.com/users/7`)).text()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    await recorder.close()
    expect(sink.records).toMatchObject([{ action: 'GET /v1/tenants/:id/users/:id' }])
  })
})
