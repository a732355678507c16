import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { Router } from '@koa/router'
import { trails } from '@trailproof/sdk/koa'
import Koa from 'koa'
import { describe } from 'vitest'
import { runMiddlewareSuite } from './suite.ts'

describe('Koa', () => {
  runMiddlewareSuite(async (recorder, { released, large, steps }) => {
    const app = new Koa()
    app.silent = true
    app.use(trails(recorder))
    const router = new Router()
    router.get('/orders/:id', (context) => {
      context.body = { id: context['params'].id as string }
    })
    router.post('/orders', async (context) => {
      context.status = 201
      context.body = JSON.parse(Buffer.concat(await context.req.toArray()).toString()) as object
    })
    router.post('/upload', async (context) => {
      context.body = String(
        (await context.req.toArray()).reduce((sum: number, { length }: Buffer) => sum + length, 0),
      )
    })
    router.get('/stream', (context) => {
      const body = new PassThrough()
      body.write('one')
      void released().then(() => body.end('two'))
      context.type = 'text/plain'
      context.body = body
    })
    router.get('/throws', () => {
      throw new Error('boom')
    })
    router.get('/rejects', async () => {
      await new Promise((resolve) => setImmediate(resolve))
      throw new Error('boom')
    })
    router.get('/denied', (context) => {
      context.status = 403
    })
    router.get('/nothing', (context) => {
      context.status = 204
    })
    router.get('/large', (context) => {
      context.body = large()
    })
    router.get('/steps', async (context) => {
      context.body = await steps()
    })
    router.get('/hangs', () => new Promise(() => undefined))
    app.use(router.routes())
    const server = app.listen(0)
    await once(server, 'listening')
    return {
      port: (server.address() as AddressInfo).port,
      close: () => {
        server.closeAllConnections()
        server.close()
      },
    }
  })
})
