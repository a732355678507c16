import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { trailErrors, trails } from '@trailproof/sdk/express'
import express5, { type Response } from 'express'
import express4 from 'express-4'
import { describe } from 'vitest'
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
})
