/** What every HTTP middleware has to do, asked of the same service written with each framework. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import {
  createRecorder,
  type MemorySink,
  memorySink,
  type Recorder,
  type RecorderOptions,
} from '@trailproof/sdk'
import { afterEach, describe, expect, test } from 'vitest'

// oxlint-disable-next-line typescript/no-explicit-any -- a record's parts differ from test to test
type RecordView = Readonly<Record<string, any>>

/**
 * A service with these routes:
 *
 * - `GET /orders/:id` answers JSON `{id}`; `HEAD` of it the same without a body
 * - `POST /orders` answers 201 with the JSON it was sent
 * - `POST /upload` answers the size of its body, as text, reading it as a stream
 * - `GET /stream` writes `one`, then, once `released()` resolves, `two`, and ends
 * - `GET /throws` throws `Error('boom')`; `GET /rejects` the same after a turn of the loop
 * - `GET /denied` answers 403
 * - `GET /nothing` answers 204
 * - `GET /large` answers `large()` as text
 * - `GET /steps` runs `steps()` and answers its result
 * - `GET /hangs` never answers
 */
export type StartService = (recorder: Recorder, parts: ServiceParts) => Promise<RunningService>

export interface ServiceParts {
  readonly released: () => Promise<void>
  readonly large: () => string
  readonly steps: () => Promise<string>
}

export interface RunningService {
  readonly port: number
  close(): Promise<void> | void
}

export interface SuiteNotes {
  /** What the framework names the route of `/orders/42`; null where there is none to name. Default `/orders/:id`. */
  readonly route?: string | null
}

interface Started {
  readonly url: string
  readonly port: number
  readonly recorder: Recorder
  readonly sink: MemorySink
  readonly release: () => void
  /** All trails, once there are so many; a second flush would show one too many. */
  readonly trails: (count?: number) => Promise<RecordView[]>
}

export function runMiddlewareSuite(start: StartService, { route = '/orders/:id' }: SuiteNotes = {}): void {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })

  async function started(options: RecorderOptions = {}, parts: Partial<ServiceParts> = {}): Promise<Started> {
    const sink = memorySink()
    const recorder = createRecorder({ service: 'orders', sink, ...options })
    const gate = Promise.withResolvers<void>()
    const service = await start(recorder, {
      released: () => gate.promise,
      large: () => 'x'.repeat(200_000),
      steps: () => Promise.resolve('done'),
      ...parts,
    })
    closing.push(
      () => recorder.close(500),
      () => service.close(),
    )
    return {
      url: `http://127.0.0.1:${service.port}`,
      port: service.port,
      recorder,
      sink,
      release: () => gate.resolve(),
      async trails(count = 1) {
        while (sink.records.length < count) {
          await recorder.flush()
          await new Promise((resolve) => setImmediate(resolve))
        }
        await recorder.flush()
        return [...sink.records]
      },
    }
  }

  describe('a request', () => {
    test('is one trail with its route, both sides and its ids', async () => {
      const { url, trails } = await started()
      const answer = await fetch(`${url}/orders/42?q=a`, { headers: { 'x-request-id': 'r-1' } })
      expect(await answer.json()).toEqual({ id: '42' })
      expect(answer.headers.get('x-request-id')).toBe('r-1')
      const all = await trails()
      expect(all).toHaveLength(1)
      expect(all[0]).toMatchObject({
        kind: 'trail',
        service: 'orders',
        outcome: 'success',
        request_id: 'r-1',
        trace_id: answer.headers.get('x-trace-id'),
        request: {
          method: 'GET',
          path: '/orders/42',
          query: { q: 'a' },
          headers: { 'x-request-id': ['r-1'] },
        },
        response: { status: 200, body: { id: '42' } },
        errors: [],
      })
      expect(all[0]!['request'].route ?? null).toBe(route)
      expect(all[0]!['action'] ?? null).toBe(route === null ? null : `GET ${route}`)
      expect(all[0]!['response'].headers['content-type'][0]).toMatch(/^application\/json/)
    })

    test('with a JSON body has it masked in the trail, whole in the handler', async () => {
      const { url, trails } = await started()
      const sent = { item: 'a', card: { cardNumber: '4111111111111111' }, password: 'hunter2' }
      const answer = await fetch(`${url}/orders`, {
        method: 'POST',
        body: JSON.stringify(sent),
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.status).toBe(201)
      expect(await answer.json()).toEqual(sent)
      const [trail] = await trails()
      expect(trail!['request'].body).toEqual({ item: 'a', card: { cardNumber: '***' }, password: '***' })
      expect(trail!['response'].body).toEqual(trail!['request'].body)
      expect(JSON.stringify(trail)).not.toMatch(/hunter2|4111 ?1111/)
    })

    test('of a trace goes on with it', async () => {
      const { url, trails } = await started()
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
      await (await fetch(`${url}/orders/1`, { headers: { traceparent } })).text()
      expect(await trails()).toMatchObject([
        { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', parent_span_id: '00f067aa0ba902b7' },
      ])
    })

    test('has what its handler did on the way', async () => {
      const { addIntegration, setActor, traceStep } = await import('@trailproof/sdk')
      const { url, trails } = await started(undefined, {
        steps: async () => {
          setActor({ type: 'user', id: 'u-1' })
          return traceStep('price', async () => {
            await new Promise((resolve) => setImmediate(resolve))
            addIntegration({ type: 'cache', name: 'GET price', latencyMs: 1 })
            return 'priced'
          })
        },
      })
      expect(await (await fetch(`${url}/steps`)).text()).toContain('priced')
      expect(await trails()).toMatchObject([
        {
          actor: { type: 'user', id: 'u-1' },
          internal_steps: [{ id: 1, name: 'price' }],
          integrations: [{ name: 'GET price', step_id: 1 }],
        },
      ])
    })

    test.each([
      ['/denied', 403, 'denied'],
      ['/nothing', 204, 'success'],
      ['/no-such-route', 404, 'failure'],
    ])('%s ends as %i, %s', async (path, status, outcome) => {
      const { url, trails } = await started()
      const answer = await fetch(`${url}${path}`)
      await answer.text()
      expect(answer.status).toBe(status)
      const all = await trails()
      expect(all).toMatchObject([{ outcome, response: { status } }])
    })

    test('of method HEAD is a trail without a body', async () => {
      const { url, trails } = await started()
      const answer = await fetch(`${url}/orders/42`, { method: 'HEAD' })
      expect(await answer.text()).toBe('')
      expect(await trails()).toMatchObject([
        { request: { method: 'HEAD' }, response: { status: answer.status } },
      ])
    })
  })

  describe('an error', () => {
    test.each(['/throws', '/rejects'])('from %s is in the one trail', async (path) => {
      const { url, trails } = await started()
      const answer = await fetch(`${url}${path}`)
      await answer.text()
      expect(answer.status).toBe(500)
      const all = await trails()
      expect(all).toHaveLength(1)
      expect(all[0]).toMatchObject({
        outcome: 'failure',
        severity: 'error',
        errors: [{ message: 'boom', source: 'handler' }],
        response: { status: 500 },
      })
    })
  })

  describe('bodies', () => {
    test.each([0, 1, 65_536, 65_537, 300_000])(
      'of %i bytes reach the handler as they were sent',
      async (size) => {
        const { url, trails } = await started()
        const answer = await fetch(`${url}/upload`, {
          method: 'POST',
          body: Buffer.alloc(size, 'abc'),
          headers: { 'content-type': 'text/plain' },
        })
        expect(await answer.text()).toBe(String(size))
        const [trail] = await trails()
        if (size > 65_536) {
          expect(trail!['truncated']).toMatchObject([{ path: '/request/body', size }])
          expect(trail!['request'].body).toHaveLength(65_536)
        } else expect(trail!['truncated']).toBeUndefined()
      },
    )

    test('sent in chunks are captured whole', async () => {
      const { port, trails } = await started()
      const request = httpRequest({
        port,
        path: '/upload',
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
      })
      request.write('first ')
      await new Promise((resolve) => setImmediate(resolve))
      request.end('second')
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      expect(Buffer.concat(await response.toArray()).toString()).toBe('12')
      const [trail] = await trails()
      expect(trail!['request'].body).toBe('first second')
    })

    test('that are streamed reach the client piece by piece, and the trail as a whole', async () => {
      const { port, release, trails } = await started()
      const request = httpRequest({ port, path: '/stream' }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const pieces: string[] = []
      for await (const piece of response) {
        pieces.push(String(piece))
        release() // the second comes only after the first has arrived
      }
      expect(pieces).toEqual(['one', 'two'])
      const [trail] = await trails()
      expect(trail!['response']).toMatchObject({ status: 200, body: 'onetwo', body_bytes: 6 })
    })

    test('over the limit are cut in the trail alone, with size and digest', async () => {
      const { url, trails } = await started()
      expect(await (await fetch(`${url}/large`)).text()).toBe('x'.repeat(200_000))
      const [trail] = await trails()
      expect(trail!['response'].body).toBe('x'.repeat(65_536))
      expect(trail!['truncated']).toEqual([
        {
          path: '/response/body',
          size: 200_000,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      ])
    })
  })

  describe('a client that goes away', () => {
    test('before there is an answer leaves one abandoned trail', async () => {
      const { port, recorder, trails } = await started()
      const socket = connect(port)
      socket.write('GET /hangs HTTP/1.1\r\nhost: a\r\n\r\n')
      while (recorder.openTrails === 0) await new Promise((resolve) => setImmediate(resolve))
      socket.destroy()
      const all = await trails()
      expect(all).toMatchObject([{ outcome: 'unknown', errors: [{ code: 'client_disconnected' }] }])
      expect(all[0]!['response'].status).toBeUndefined()
    })

    test('in the middle of one leaves one abandoned trail with what it got', async () => {
      const { port, trails } = await started()
      const socket = connect(port)
      socket.write('GET /stream HTTP/1.1\r\nhost: a\r\n\r\n')
      for (let got = ''; !got.includes('one'); ) got += String((await once(socket, 'data'))[0])
      socket.destroy()
      expect(await trails()).toMatchObject([
        { outcome: 'unknown', response: { status: 200, body: 'one', complete: false } },
      ])
    })
  })

  test('a connection that is kept has a trail for each request', async () => {
    const { port, trails } = await started()
    const socket = connect(port)
    for (const id of ['1', '2', '3']) {
      socket.write(`GET /orders/${id} HTTP/1.1\r\nhost: a\r\n\r\n`)
      for (let got = ''; !got.includes(`"id":"${id}"`); ) got += String((await once(socket, 'data'))[0])
    }
    socket.destroy()
    expect((await trails(3)).map(({ request }) => request.path)).toEqual([
      '/orders/1',
      '/orders/2',
      '/orders/3',
    ])
  })

  test('hundreds of requests at once keep their trails apart', async () => {
    const { setMetadata } = await import('@trailproof/sdk')
    let next = 0
    const { url, trails } = await started(undefined, {
      steps: async () => {
        const mine = next++
        setMetadata('mine', mine)
        await new Promise((resolve) => setImmediate(resolve))
        setMetadata('again', mine)
        return `mine ${mine} `
      },
    })
    const answers = await Promise.all(
      Array.from({ length: 300 }, async () => (await fetch(`${url}/steps`)).text()),
    )
    const all = await trails(300)
    expect(all).toHaveLength(300)
    expect(new Set(all.map(({ trace_id }) => String(trace_id))).size).toBe(300)
    for (const { metadata, response } of all) {
      expect(metadata.again).toBe(metadata.mine)
      expect(JSON.stringify(response.body)).toContain(`mine ${metadata.mine} `)
    }
    expect(answers).toHaveLength(300)
  })

  describe('a response that must be recorded first', () => {
    const refusing = {
      name: 'refusing',
      write: () => Promise.reject(new Error('down')),
      close: () => Promise.resolve(),
    }

    test('goes out once it is', async () => {
      const { url, sink } = await started({ delivery: 'ack' })
      const answer = await fetch(`${url}/orders/7`)
      expect(sink.records).toMatchObject([{ request: { path: '/orders/7' }, response: { status: 200 } }])
      expect(await answer.json()).toEqual({ id: '7' })
    })

    test.each(['/stream', '/large', '/nothing', '/denied'])('%s is as it would be without', async (path) => {
      const answers = []
      for (const delivery of ['async', 'ack'] as const) {
        const { url, release, trails } = await started({ delivery })
        release()
        const answer = await fetch(`${url}${path}`)
        const {
          'x-trace-id': _trace,
          'x-request-id': _request,
          date: _date,
          ...headers
        } = Object.fromEntries(answer.headers)
        answers.push({ status: answer.status, headers, body: await answer.text() })
        expect(await trails()).toHaveLength(1)
      }
      expect(answers[1]).toEqual(answers[0])
    })

    test('is a 503 when it cannot be', async () => {
      const { url } = await started({ delivery: 'ack', sink: refusing, queue: { ackTimeoutMs: 50 } })
      const answer = await fetch(`${url}/orders/7`)
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(await answer.text()).not.toContain('"id"')
    })

    test('goes out all the same where the recorder says pass', async () => {
      const { url } = await started({
        delivery: 'ack',
        sink: refusing,
        onUndelivered: 'pass',
        queue: { ackTimeoutMs: 50 },
      })
      expect(await (await fetch(`${url}/orders/7`)).json()).toEqual({ id: '7' })
    })
  })
}
