import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type HttpBindings, serve } from '@hono/node-server'
import { trails } from '@trailproof/sdk/hono'
import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { describe } from 'vitest'
import { runMiddlewareSuite } from './suite.ts'

describe('Hono', () => {
  runMiddlewareSuite(async (recorder, { released, large, steps }) => {
    const app = new Hono<{ Bindings: HttpBindings }>()
    app.use(trails(recorder))
    app.get('/orders/:id', (context) => context.json({ id: context.req.param('id') }))
    app.post('/orders', async (context) => context.json(await context.req.json<object>(), 201))
    app.post('/upload', async (context) => context.text(String((await context.req.arrayBuffer()).byteLength)))
    app.get('/stream', (context) => {
      context.header('content-type', 'text/plain')
      return stream(context, async (body) => {
        await body.write('one')
        await released()
        await body.write('two')
      })
    })
    app.get('/throws', () => {
      throw new Error('boom')
    })
    app.get('/rejects', async () => {
      await new Promise((resolve) => setImmediate(resolve))
      throw new Error('boom')
    })
    app.get('/denied', (context) => context.text('no', 403))
    app.get('/nothing', (context) => context.body(null, 204))
    app.get('/large', (context) => context.text(large()))
    app.get('/steps', async (context) => context.text(await steps()))
    app.get('/hangs', () => new Promise<Response>(() => undefined))
    app.onError((_error, context) => context.text('failed', 500))
    const server = serve({ fetch: app.fetch, port: 0 })
    await once(server, 'listening')
    return {
      port: (server.address() as AddressInfo).port,
      close: () => {
        if ('closeAllConnections' in server) server.closeAllConnections()
        server.close()
      },
    }
  })
})
