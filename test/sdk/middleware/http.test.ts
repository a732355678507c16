import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addError, createRecorder, memorySink } from '@trailproof/sdk'
import { recordServer } from '@trailproof/sdk/http'
import { describe, expect, test } from 'vitest'
import { runMiddlewareSuite } from './suite.ts'

function fail(error: unknown, response: ServerResponse): void {
  addError(error)
  response.writeHead(500).end('failed')
}

describe('node:http', () => {
  runMiddlewareSuite(
    async (recorder, { released, large, steps }) => {
      const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
        const { pathname } = new URL(request.url!, 'http://a')
        switch (`${request.method === 'HEAD' ? 'GET' : request.method} ${pathname}`) {
          case 'POST /orders':
            response.writeHead(201, { 'content-type': 'application/json' })
            response.end(Buffer.concat(await request.toArray()))
            return
          case 'POST /upload': {
            const size = (await request.toArray()).reduce(
              (sum: number, { length }: Buffer) => sum + length,
              0,
            )
            response.setHeader('content-type', 'text/plain')
            response.end(String(size))
            return
          }
          case 'GET /stream':
            response.writeHead(200, ['content-type', 'text/plain'])
            response.write('one')
            await released()
            response.end('two')
            return
          case 'GET /throws':
            throw new Error('boom')
          case 'GET /rejects':
            await new Promise((resolve) => setImmediate(resolve))
            throw new Error('boom')
          case 'GET /denied':
            response.writeHead(403).end()
            return
          case 'GET /nothing':
            response.writeHead(204).end()
            return
          case 'GET /large':
            response.setHeader('content-type', 'text/plain')
            response.end(large())
            return
          case 'GET /steps':
            response.end(await steps())
            return
          case 'GET /hangs':
            return
          default: {
            const [, id] = /^\/orders\/(\w+)$/.exec(pathname) ?? []
            if (id === undefined) response.writeHead(404).end()
            else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id }))
          }
        }
      }
      const server = recordServer(
        createServer(
          (request, response) => void handle(request, response).catch((error) => fail(error, response)),
        ),
        recorder,
      )
      server.listen(0)
      await once(server, 'listening')
      return {
        port: (server.address() as AddressInfo).port,
        close: () => {
          server.closeAllConnections()
          server.close()
        },
      }
    },
    { route: null },
  )
})

/** Answers of code that does what Node refuses, and says what it was refused with. */
async function refusals(
  delivery: 'async' | 'ack',
  tries: readonly ((response: ServerResponse) => unknown)[],
) {
  const recorder = createRecorder({ service: 'orders', sink: memorySink(), delivery })
  const server = recordServer(
    createServer((_, response) => {
      const codes = tries.map((attempt) => {
        try {
          attempt(response)
          return 'taken'
        } catch (error) {
          return (error as NodeJS.ErrnoException).code
        }
      })
      response.end(codes.join(' '))
    }),
    recorder,
  )
  server.listen(0)
  await once(server, 'listening')
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const { status } = answer
  const text = await answer.text()
  server.closeAllConnections()
  server.close()
  await recorder.close()
  return { status, text }
}

test('what Node refuses is refused at once, also of a response that is held back', async () => {
  const tries = [
    (response: ServerResponse) => response.writeHead(200, { 'x-half': 'a\ud800' }),
    (response: ServerResponse) => response.writeHead(20),
    (response: ServerResponse) => response.write({}),
    (response: ServerResponse) => response.write(null),
    (response: ServerResponse) => response.end(7 as never),
    (response: ServerResponse) => response.writeHead(201, ['x-a', 'b']),
  ]
  const without = await refusals('async', tries)
  expect(without).toMatchObject({ status: 201, text: expect.stringContaining('ERR_INVALID_CHAR') as string })
  expect(await refusals('ack', tries)).toEqual(without)
})
