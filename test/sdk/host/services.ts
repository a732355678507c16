/** The same service on node:http and on Fastify, with its trails or without: with `recorder` undefined the SDK is not on the path. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createAudit, createLog, currentTrail, type Recorder, traceStep } from '@trailproof/sdk'
import { trails } from '@trailproof/sdk/fastify'
import { recordServer } from '@trailproof/sdk/http'
import fastify from 'fastify'
import { HOSTILE_VALUES } from './hostile-values.ts'

export type Framework = 'node:http' | 'fastify'

export const LARGE_BYTES = 50 * 2 ** 20

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string | Buffer | Readable
}

const text = { 'content-type': 'text/plain' }

/** What the service does, whatever it runs on. `body` is the request's, as it comes. */
async function answer(path: string, body: Readable, recorder: Recorder | undefined): Promise<Answer> {
  const [, first, second = ''] = decodeURIComponent(path).split('/')
  switch (first) {
    case 'orders': {
      const price = await traceStep('price', async () => {
        await setImmediate()
        return 12
      })
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id: second, price }),
      }
    }
    case 'echo':
      return { status: 201, headers: text, body: Buffer.concat(await body.toArray()) }
    case 'upload': {
      let size = 0
      for await (const chunk of body) size += (chunk as Buffer).length
      return { status: 200, headers: text, body: String(size) }
    }
    case 'large':
      return { status: 200, headers: text, body: Buffer.alloc(LARGE_BYTES, 'large ') }
    case 'stream':
      return { status: 200, headers: text, body: Readable.from(pieces()) }
    case 'headers':
      return {
        status: 200,
        headers: { ...text, 'set-cookie': ['a=1', 'b=2'], 'x-latin': 'caf\u00e9', 'x-empty': '' },
        body: 'headers',
      }
    case 'half-surrogate':
      // Node refuses it; so does it with us.
      return { status: 200, headers: { ...text, 'x-half': 'a\ud800' }, body: 'never' }
    case 'denied':
      return { status: 403, headers: text, body: 'denied' }
    case 'nothing':
      return { status: 204, headers: {}, body: '' }
    case 'throws':
      throw new Error('boom')
    case 'hostile':
      return { status: 200, headers: text, body: recordEverywhere(second, recorder) }
    default:
      return { status: 404, headers: text, body: 'no such route' }
  }
}

async function* pieces(): AsyncGenerator<string> {
  for (const piece of ['one', 'two', 'three']) {
    yield piece
    await setImmediate()
  }
}

/** Hands a value to everything that takes one. None of it may throw; that it did would be in the answer. */
function recordEverywhere(name: string, recorder: Recorder | undefined): string {
  const trail = currentTrail()
  const thrown: string[] = []
  // Each digests all of it.
  const calls = Object.entries(CALLS).slice(0, name.startsWith('50 MB') ? 6 : undefined)
  for (const [method, call] of calls)
    try {
      const value = HOSTILE_VALUES[name]!() as never
      if (trail !== undefined && recorder !== undefined) call(value, trail, recorder)
    } catch (error) {
      thrown.push(`${method}: ${String((error as Error | undefined)?.message)}`)
    }
  return `${name} ${thrown.join(', ')}`
}

type Trail = NonNullable<ReturnType<typeof currentTrail>>

const CALLS: Readonly<Record<string, (value: never, trail: Trail, recorder: Recorder) => void>> = {
  setMetadata: (value, trail) => trail.setMetadata({ value }),
  log: (value, _, recorder) => createLog({ recorder }).warn('a', { value, error: value }),
  'log of it': (value, _, recorder) => createLog({ recorder }).warn(value, value),
  addError: (value, trail) => trail.addError(value),
  setLabel: (value, trail) => trail.setLabel('a', value),
  'setLabel by it': (value, trail) => trail.setLabel(value, 'a'),
  'setMetadata of it': (value, trail) => trail.setMetadata(value),
  setActor: (value, trail) => trail.setActor(value),
  addTarget: (value, trail) => trail.addTarget(value),
  addChange: (value, trail) => trail.addChange({ path: '/a', old: value, new: value }),
  'addChange of it': (value, trail) => trail.addChange(value),
  setSession: (value, trail) => trail.setSession(value),
  setAction: (value, trail) => trail.setAction(value),
  setMessage: (value, trail) => trail.setMessage(value),
  setOutcome: (value, trail) => trail.setOutcome('denied', value),
  setRequest: (value, trail) => trail.setRequest({ value }),
  'setRequest of it': (value, trail) => trail.setRequest(value),
  'step of it': (value, trail) =>
    trail.endStep(trail.startStep('a', value), { response: value, error: value }),
  'step by it': (value, trail) => trail.endStep(trail.startStep(value)),
  traceStep: (value, trail) => trail.traceStep(value, () => undefined, { request: value }),
  'addIntegration of it': (value, trail) =>
    trail.addIntegration({
      type: 'custom',
      name: 'a',
      request: value,
      response: value,
      error: value,
      metadata: value,
    }),
  'addIntegration by it': (value, trail) =>
    trail.addIntegration({ type: value, name: value, latencyMs: value }),
  event: (value, _, recorder) => {
    void createAudit({}, recorder).event('thing.done', {
      actor: value,
      targets: value,
      changes: value,
      labels: value,
      metadata: value,
      error: value,
    })
  },
  'event by it': (value, _, recorder) => {
    const data: object = { reason: value, message: value, severity: value }
    void createAudit({}, recorder).event(value, data as never)
  },
}

export interface Running {
  readonly port: number
  close(): Promise<unknown>
}

export async function startService(framework: Framework, recorder: Recorder | undefined): Promise<Running> {
  return framework === 'fastify' ? startFastify(recorder) : startNode(recorder)
}

async function startFastify(recorder: Recorder | undefined): Promise<Running> {
  const app = fastify({ forceCloseConnections: true })
  if (recorder !== undefined) await app.register(trails, { recorder })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.all<{ Body: Readable | undefined }>('/*', async ({ url, body }, reply) => {
    const { status, headers, body: content } = await answer(url, body ?? Readable.from([]), recorder)
    return reply.code(status).headers(headers).send(content)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
}

async function startNode(recorder: Recorder | undefined): Promise<Running> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { status, headers, body } = await answer(request.url ?? '', request, recorder)
      response.writeHead(status, headers)
      if (body instanceof Readable) for await (const piece of body) response.write(piece)
      response.end(body instanceof Readable ? undefined : body)
    } catch (error) {
      if (!response.headersSent) response.writeHead(500, text)
      response.end((error as Error).message)
    }
  }
  const server = createServer((request, response) => void handle(request, response))
  if (recorder !== undefined) recordServer(server, recorder)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
