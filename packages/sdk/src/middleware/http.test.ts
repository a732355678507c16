import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { addError, currentTrail, setMetadata, traceStep } from '../recorder/current-trail.ts'
import { createRecorder } from '../recorder/default-recorder.ts'
import type { RecorderOptions } from '../recorder/options.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { recordServer } from './http.ts'
import { openExchange } from './http-exchange.ts'

/** As deep as the test looks. */
// oxlint-disable-next-line typescript/no-explicit-any -- a record's parts differ from test to test
type RecordView = Readonly<Record<string, any>>

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function started(handler: RequestListener, options: RecorderOptions = {}) {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'orders', sink, queue: { maxAgeMs: 0 }, ...options })
  const server = recordServer(createServer(handler), recorder)
  server.listen(0)
  await once(server, 'listening')
  closing.push(
    () => recorder.close(),
    () => {
      server.closeAllConnections()
      server.close()
    },
  )
  const { port } = server.address() as AddressInfo
  const trails = async (count = 1): Promise<RecordView[]> => {
    while (sink.records.length < count) await new Promise((resolve) => setImmediate(resolve))
    await recorder.flush()
    return [...sink.records]
  }
  return { url: `http://127.0.0.1:${port}`, port, recorder, server, trails }
}

describe('a request', () => {
  test('says of each header that was masked where it was, its own and those of its calls', async () => {
    const other = await started((_request, response) => response.setHeader('set-cookie', 'a=b').end('ok'))
    const { url, trails } = await started((_request, response) => {
      void fetch(other.url, { headers: { 'x-api-key': 'k' } })
        .then((answer) => answer.text())
        .then((text) => response.end(text))
    })
    await (await fetch(url, { headers: { authorization: 'Bearer abc' } })).text()
    const [trail] = await trails()
    expect(trail!['redacted'].toSorted()).toEqual([
      '/integrations/0/request/headers/x-api-key',
      '/integrations/0/response/headers/set-cookie',
      '/request/headers/authorization',
    ])
  })

  test('becomes one record that holds the contract, whatever was in it', async () => {
    const { url, trails } = await started((_request, response) => response.end('ok'))
    const answer = await fetch(`${url}/orders/42?token=abc&page=2`, {
      headers: { authorization: 'Bearer abc' },
    })
    expect(await answer.text()).toBe('ok')
    const [trail, ...more] = await trails()
    expect(more).toEqual([])
    expect(trail).toMatchObject({
      kind: 'trail',
      schema: 'trailproof/v1',
      service: 'orders',
      environment: 'test',
      trace_id: answer.headers.get('x-trace-id'),
      request_id: answer.headers.get('x-request-id'),
      outcome: 'success',
      severity: 'info',
      request: {
        method: 'GET',
        path: '/orders/42',
        query: { page: '2', token: '***' },
        headers: { authorization: ['***'] },
      },
      response: { status: 200, body: 'ok', body_bytes: 2 },
      integrations: [],
      internal_steps: [],
      errors: [],
      metadata: {},
    })
    expect(trail!['latency_ms']).toBeGreaterThan(0)
    expect(trail!['stream']).toMatchObject({ seq: 1 })
  })

  test('whose body is JSON is kept as JSON, with secrets masked in both directions', async () => {
    const { url, trails } = await started((request, response) => {
      response.setHeader('content-type', 'application/json')
      request.pipe(response)
    })
    const body = '{"user":"a","userPassword":"hunter2","deep":[{"access_token":"x"}]}'
    const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(await answer.text()).toBe(body)
    const [trail] = await trails()
    const masked = { user: 'a', userPassword: '***', deep: [{ access_token: '***' }] }
    expect(trail!['request'].body).toEqual(masked)
    expect(trail!['response'].body).toEqual(masked)
    expect(trail!['redacted']).toContain('/request/body/userPassword')
  })

  test('that throws in its handler still ends as one record', async () => {
    const { url, trails } = await started((_request, response) => {
      setMetadata('order', 7)
      addError(new Error('boom'))
      response.statusCode = 500
      response.end()
    })
    await fetch(url)
    expect(await trails()).toMatchObject([
      {
        outcome: 'failure',
        severity: 'error',
        metadata: { order: 7 },
        errors: [{ message: 'boom', source: 'handler' }],
      },
    ])
  })

  test('has its steps in order, nested ones with their parents', async () => {
    const { url, trails } = await started((_request, response) => {
      void (async () => {
        await traceStep('outer', async () => {
          await Promise.all([
            traceStep('left', () => new Promise((resolve) => setImmediate(resolve))),
            traceStep('right', async () => {
              await Promise.resolve()
            }),
          ])
        })
        response.end()
      })()
    })
    await fetch(url)
    const [trail] = await trails()
    expect(trail!['internal_steps']).toMatchObject([
      { id: 1, name: 'outer' },
      { id: 2, name: 'left', parent_id: 1 },
      { id: 3, name: 'right', parent_id: 1 },
    ])
    for (const step of trail!['internal_steps']) expect(step.latency_ms).toBeGreaterThanOrEqual(0)
  })
})

describe('the bytes of bodies', () => {
  test.each([0, 1, 9, 10, 11, 65_536, 65_537, 200_000])(
    'of %i bytes pass unaltered over a limit of 10',
    async (size) => {
      const { url, trails } = await started((request, response) => request.pipe(response), {
        capture: { requestBodyBytesMax: 10, responseBodyBytesMax: 10 },
      })
      const body = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz')
      const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })
      expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true)
      const [trail] = await trails()
      const { request, truncated } = trail!
      expect(request.body_bytes ?? 0).toBe(size)
      if (size > 10)
        expect(truncated).toContainEqual({
          path: '/request/body',
          size,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        })
      else expect(truncated).toBeUndefined()
      if (size > 0) expect(request.body).toBe(body.subarray(0, 10).toString())
    },
  )

  test('sent in chunks are captured, and each is passed on at once', async () => {
    const { port, trails } = await started((request, response) => {
      request.on('data', (chunk: Buffer) => response.write(chunk))
      request.on('end', () => response.end())
    })
    const request = httpRequest({ port, method: 'POST', headers: { 'content-type': 'text/plain' } })
    request.write('one ')
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
    const [first] = (await once(response, 'data')) as [Buffer]
    expect(first.toString()).toBe('one ')
    request.end('two')
    const [second] = (await once(response, 'data')) as [Buffer]
    expect(second.toString()).toBe('two')
    const [trail] = await trails()
    expect(trail!['request'].body).toBe('one two')
    expect(trail!['response'].body).toBe('one two')
  })
})

describe('a request that does not end well', () => {
  test('because the client goes away is one abandoned record', async () => {
    const { port, trails } = await started((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      response.write('part')
    })
    const socket = connect(port)
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(socket, 'data')
    socket.destroy()
    expect(await trails()).toMatchObject([
      {
        outcome: 'unknown',
        errors: [{ code: 'client_disconnected' }],
        response: { status: 200, body: 'part', complete: false, headers: { 'content-type': ['text/plain'] } },
      },
    ])
  })

  test('because the process closes is one abandoned record', async () => {
    const { port, recorder, trails } = await started(() => undefined)
    const socket = connect(port)
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    while (recorder.openTrails === 0) await new Promise((resolve) => setImmediate(resolve))
    await recorder.close()
    expect(await trails()).toMatchObject([{ outcome: 'unknown', errors: [{ code: 'process_ended' }] }])
    socket.destroy()
  })
})

test('each request of a kept connection has its own trail', async () => {
  const { port, trails } = await started((request, response) => response.end(request.url))
  const socket = connect(port)
  for (const path of ['/a', '/b', '/c']) {
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`)
    await once(socket, 'data')
  }
  socket.destroy()
  const paths = (await trails(3)).map(({ request }) => request.path)
  expect(paths).toEqual(['/a', '/b', '/c'])
})

test.each(['HEAD', 'OPTIONS', 'DELETE'])('%s is a request like others', async (method) => {
  const { url, trails } = await started((_request, response) => response.writeHead(204).end())
  expect((await fetch(url, { method })).status).toBe(204)
  expect(await trails()).toMatchObject([{ request: { method }, response: { status: 204 } }])
})

async function upgrading(answer: (socket: Duplex) => void) {
  const served = await started((_request, response) => response.end())
  served.server.on('upgrade', (_request: unknown, socket: Duplex) => answer(socket))
  const socket = connect(served.port)
  socket.write(
    'GET /chat?token=t HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\ncookie: a=b\r\n\r\n',
  )
  return { ...served, socket }
}

describe('a request that becomes another protocol', () => {
  test('is one trail that ends with the answer; what follows is left alone', async () => {
    const { socket, trails } = await upgrading((server) => {
      server.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
      server.on('data', (frame) => server.write(frame))
    })
    await once(socket, 'data')
    const [trail] = await trails()
    expect(trail).toMatchObject({
      outcome: 'success',
      request: {
        method: 'GET',
        path: '/chat',
        upgrade: 'websocket',
        query: { token: '***' },
        headers: { cookie: ['***'] },
      },
      response: { status: 101 },
    })
    socket.write('frame')
    expect(String((await once(socket, 'data'))[0])).toBe('frame')
    socket.destroy()
  })

  test('and is refused says so', async () => {
    const { trails } = await upgrading((socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'))
    expect(await trails()).toMatchObject([{ outcome: 'denied', response: { status: 403 } }])
  })

  test('and is never answered is abandoned', async () => {
    const { socket, recorder, trails } = await upgrading((server) =>
      server.resume().once('end', () => server.destroy()),
    )
    while (recorder.openTrails === 0) await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    expect(await trails()).toMatchObject([{ outcome: 'unknown', errors: [{ code: 'client_disconnected' }] }])
  })
})

/** What a client gets of a handler, byte for byte but for the ids and the date, recorded before or after it goes out. */
async function bytesOf(handler: RequestListener, delivery: 'async' | 'ack'): Promise<string> {
  const { port, trails } = await started(handler, { delivery })
  const socket = connect(port)
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  const bytes = Buffer.concat(await socket.toArray()).toString()
  expect(await trails()).toHaveLength(1)
  return bytes.replaceAll(/(?:x-trace-id|x-request-id|date): .*\r\n/gi, '')
}

const ANSWERS: Readonly<Record<string, RequestListener>> = {
  'pieces without a head': (_request, response) => {
    response.write('hello ')
    response.end('world')
  },
  'a head, its flush, then pieces': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    setImmediate(() => {
      response.write('data: 1\n\n')
      response.end()
    })
  },
  'a head with a message and a list': (_request, response) => {
    response.writeHead(201, 'Made', ['x-a', '1', 'content-length', '2'])
    response.write('o')
    response.end('k')
  },
  'a length and all of it before the end': (_request, response) => {
    response.setHeader('content-length', 5)
    response.write('hello')
    setImmediate(() => response.end())
  },
  'changes after the end': (_request, response) => {
    response.setHeader('x-a', '1')
    response.end('done')
    expect(response.headersSent && response.writableEnded).toBe(true)
    expect(() => response.setHeader('x-a', '2')).toThrow('Cannot set headers')
    response.statusCode = 500
  },
  'an end with a callback': (_request, response) => {
    response.end('done', () => undefined)
  },
  trailers: (_request, response) => {
    response.writeHead(200, { trailer: 'x-t' })
    response.write('a')
    response.addTrailers({ 'x-t': '1' })
    response.end()
  },
}

test.each(Object.entries(ANSWERS))(
  'an answer of %s is the same when it must be recorded first',
  async (_name, handler) => {
    expect(await bytesOf(handler, 'ack')).toBe(await bytesOf(handler, 'async'))
  },
)

test('over HTTP/2 bodies in both directions are recorded once', async () => {
  const sink = memorySink()
  const recorder = createRecorder({ sink, delivery: 'ack' })
  const server = recordServer(
    createHttp2Server((request, response) => {
      request.resume().once('end', () => {
        response.write('hello ')
        response.end('world')
      })
    }),
    recorder,
  ).listen(0)
  await once(server, 'listening')
  const client = connectHttp2(`http://localhost:${(server.address() as AddressInfo).port}`)
  const stream = client.request({ ':method': 'POST', ':path': '/x', 'content-type': 'text/plain' })
  stream.end('sent')
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('hello world')
  client.close()
  server.close()
  expect(sink.records).toMatchObject([
    { request: { body: 'sent', http_version: '2.0' }, response: { status: 200, body_bytes: 11 } },
  ])
  await recorder.close()
})

test.each<[string, (stream: ServerHttp2Stream) => void, number]>([
  [
    'with a body',
    (stream) => {
      stream.respond({ ':status': 201, 'x-a': 'b' })
      stream.end('hello')
    },
    201,
  ],
  ['without one', (stream) => stream.respond({ ':status': 204, 'x-a': 'b' }, { endStream: true }), 204],
])(
  'an answer on the stream of HTTP/2 itself, %s, is recorded with its status',
  async (_what, answer, status) => {
    const sink = memorySink()
    const recorder = createRecorder({ sink })
    const server = recordServer(
      createHttp2Server((_request, { stream }) => answer(stream)),
      recorder,
    ).listen(0)
    await once(server, 'listening')
    const client = connectHttp2(`http://localhost:${(server.address() as AddressInfo).port}`)
    await client.request({ ':path': '/x' }).toArray()
    client.close()
    server.close()
    while (recorder.openTrails > 0) await new Promise((resolve) => setImmediate(resolve))
    await recorder.close()
    expect(sink.records).toMatchObject([
      { outcome: 'success', response: { status, headers: { 'x-a': ['b'] } }, errors: [] },
    ])
    expect(sink.records[0]!['response']).not.toHaveProperty('body_bytes')
  },
)

test.each<[string, RequestListener]>([
  [
    'its socket',
    (request, response) => {
      response.end('x')
      request.socket.destroy()
    },
  ],
  [
    'the response',
    (_request, response) => {
      response.on('error', () => undefined)
      response.writeHead(200, { 'content-length': '3' })
      response.write('abc')
      response.destroy(new Error('gone'))
    },
  ],
  [
    'its socket, before the end',
    (request, response) => {
      response.writeHead(200)
      request.socket.destroy()
      response.end()
    },
  ],
])(
  'a response that is held back is recorded also where the host destroys %s meanwhile',
  async (_what, handler) => {
    const { url, trails } = await started(handler, { delivery: 'ack' })
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow()
    const records = await trails()
    expect(records.map(({ kind }) => kind)).toEqual(['trail'])
  },
)

test.each(['setHeader', 'on'] as const)(
  'a request whose response takes no %s is answered as ever, and recorded as not observed',
  async (broken) => {
    const sink = memorySink()
    const recorder = createRecorder({ sink, collect: false })
    const server = createServer((request, response) => {
      Object.assign(response, { [broken]: refuse })
      expect(openExchange(recorder, request, response)).toBeUndefined()
      Reflect.deleteProperty(response, broken)
      response.end('plain')
    }).listen(0)
    await once(server, 'listening')
    closing.push(() => server.close())
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    expect(await answer.text()).toBe('plain')
    expect(recorder.openTrails).toBe(0)
    await recorder.close()
    expect(sink.records).toMatchObject([{ kind: 'trail', errors: [{ code: 'not_observed' }] }])
  },
)

function refuse(): never {
  throw new Error('not with me')
}

test('listeners of the body are part of the trail, also when it comes later than the head', async () => {
  const seen: unknown[] = []
  const { port, trails } = await started((request, response) => {
    request.on('data', () => seen.push(currentTrail()?.traceId))
    request.on('end', () => {
      seen.push(currentTrail()?.traceId)
      response.end()
    })
  })
  const request = httpRequest({ port, method: 'POST' })
  request.flushHeaders()
  request.write('a')
  await new Promise((resolve) => setImmediate(resolve))
  request.end('b')
  await once(request, 'response')
  const [trail] = await trails()
  expect(new Set(seen)).toEqual(new Set([trail!['trace_id']]))
})

test('what the application says in `ignore` can do no harm', async () => {
  const { url, recorder, trails } = await started((_request, response) => response.end('ok'), {
    capture: {
      ignore: () => {
        throw new Error('no')
      },
    },
  })
  expect(await (await fetch(url)).text()).toBe('ok')
  expect(await trails()).toHaveLength(1)
  expect(recorder.counters.faults).toBe(1)
})

test('a middleware with a recorder of its own has the say over one that came before', async () => {
  const first = await started((_request, response) => response.end('ok'))
  const sink = memorySink()
  const own = createRecorder({ sink, service: 'own' })
  first.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    openExchange(own, request, response)
  })
  await (await fetch(first.url)).text()
  await own.flush()
  while (sink.records.length === 0) await own.flush()
  expect(sink.records).toMatchObject([{ service: 'own' }])
  expect(first.recorder.openTrails).toBe(0)
  await own.close()
})

test('a server that answers Expect: 100-continue itself has a trail, and one that is watched twice has one', async () => {
  const { server, recorder, port, trails } = await started((_request, response) => response.end())
  recordServer(server, recorder)
  server.on('checkContinue', (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(417).end()
  })
  const socket = connect(port)
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\nexpect: 100-continue\r\n\r\n')
  expect(String((await once(socket, 'data'))[0])).toContain('417')
  socket.destroy()
  expect(await trails()).toMatchObject([{ response: { status: 417 } }])
  server.on('upgrade', (_request: IncomingMessage, upgraded: Duplex) =>
    upgraded.end('HTTP/1.1 101 Ok\r\n\r\n'),
  )
  const switching = connect(port)
  switching.write('GET /u HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
  await once(switching, 'data')
  switching.destroy()
  expect(await trails(2)).toHaveLength(2)
})
