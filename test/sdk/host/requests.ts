/** The requests of the test, and what a client sees of their answers. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { HOSTILE_VALUES } from './hostile-values.ts'
import { LARGE_BYTES } from './services.ts'

interface Ask {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
}

export interface Seen {
  readonly status: number
  /** In their order, without the ids of the trail and what no two answers share. */
  readonly headers: readonly string[]
  readonly bytes: number
  readonly sha256: string
  /** The beginning, for people. */
  readonly text: string
}

const deepJson = `${'{"in":['.repeat(20_000)}1${']}'.repeat(20_000)}`
const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

export const REQUESTS: readonly Ask[] = [
  { path: '/orders/42?q=a&q=b' },
  { path: '/orders/42', method: 'HEAD' },
  { path: '/orders/%00%ff%zz'.replace('%zz', '%7f').replace('%ff', '%c3%bf') },
  { path: '/no-such-route' },
  { path: '/denied' },
  { path: '/nothing' },
  { path: '/throws' },
  { path: '/stream' },
  { path: '/headers', headers: { cookie: ['a=1', 'b=2'], 'x-latin': 'caf\u00e9', 'x-trace-id': 'bad id\t' } },
  { path: '/half-surrogate' },
  { path: '/echo', method: 'POST', body: deepJson, headers: { 'content-type': 'application/json' } },
  {
    path: '/echo',
    method: 'POST',
    body: '{"half":"\\ud800"}',
    headers: { 'content-type': 'application/json' },
  },
  { path: '/echo', method: 'POST', body: '{"a":1,"a":2}', headers: { 'content-type': 'application/json' } },
  {
    path: '/echo',
    method: 'POST',
    body: binary,
    headers: { 'content-type': 'text/plain; charset=nonsense' },
  },
  {
    path: '/echo',
    method: 'POST',
    body: binary,
    headers: { 'content-encoding': 'gzip', 'content-type': 'text/plain' },
  },
  {
    path: '/upload',
    method: 'POST',
    body: Buffer.alloc(LARGE_BYTES, 'u'),
    headers: { 'content-type': 'text/plain' },
  },
  { path: '/large' },
  ...Object.keys(HOSTILE_VALUES).map((name) => ({ path: `/hostile/${encodeURIComponent(name)}` })),
]

/** Headers that differ from answer to answer, or are ours. */
const OWN = new Set(['date', 'x-trace-id', 'x-request-id'])

export async function ask(
  port: number,
  { path, method = 'GET', headers = {}, body }: Ask,
  agent?: Agent,
): Promise<Seen> {
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, ...(agent && { agent }) })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const hash = createHash('sha256')
  let bytes = 0
  let text = ''
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
    if (text.length < 200) text += chunk.toString('latin1').slice(0, 200)
  }
  const { rawHeaders, statusCode = 0 } = response
  const seen = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && !OWN.has(name.toLowerCase()) ? [`${name}: ${rawHeaders[at + 1]}`] : [],
  )
  return { status: statusCode, headers: seen, bytes, sha256: hash.digest('hex'), text }
}

/** One after the other, on one connection that is kept. */
export async function askAll(port: number): Promise<Record<string, Seen>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const seen: Record<string, Seen> = {}
  for (const [at, one] of REQUESTS.entries())
    seen[`${at} ${one.method ?? 'GET'} ${one.path}`] = await ask(port, one, agent)
  agent.destroy()
  return seen
}

/** Sends a part of a body and goes away. */
export async function abortUpload(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`POST /upload HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(1_000)}`)
  await once(socket, 'ready')
  await new Promise((resolve) => setImmediate(resolve))
  socket.destroy()
  await once(socket, 'close')
}
