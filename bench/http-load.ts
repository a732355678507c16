/**
 * A closed-loop HTTP/1.1 load generator in one process: `connections` sockets, one request in flight on
 * each, requests made before the clock starts. Small, so that it takes little from the server beside it.
 */
import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  readonly port: number
  readonly connections: number
  /** Complete requests, sent in turn; the run ends when all are answered. */
  readonly requests: readonly Buffer[]
}

export interface LoadResult {
  readonly seconds: number
  /** Milliseconds, ascending. */
  readonly latenciesMs: Float64Array
  /** Answers by status code. */
  readonly statuses: ReadonlyMap<number, number>
}

export async function runLoad({ port, connections, requests }: LoadOptions): Promise<LoadResult> {
  const latenciesMs = new Float64Array(requests.length)
  const statuses = new Map<number, number>()
  let next = 0
  const started = performance.now()
  const drive = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let sentAt = 0
      let received: Buffer[] = []
      let missing = -1
      const send = (): void => {
        if (next >= requests.length) {
          socket.end()
          resolve()
          return
        }
        sentAt = performance.now()
        socket.write(requests[next++]!)
      }
      socket.on('data', (chunk) => {
        if (missing < 0) {
          received.push(chunk)
          const head = received.length === 1 ? chunk : Buffer.concat(received)
          const end = head.indexOf('\r\n\r\n')
          if (end < 0) return
          const text = head.toString('latin1', 0, end)
          const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
          const status = Number(text.slice(9, 12))
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          missing = length - (head.length - end - 4)
          received = []
        } else missing -= chunk.length
        if (missing > 0) return
        missing = -1
        latenciesMs[answered++] = performance.now() - sentAt
        send()
      })
      socket.on('error', reject)
      send()
    })
  let answered = 0
  const sockets = await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
          socket.on('error', reject)
        }),
    ),
  )
  await Promise.all(sockets.map(drive))
  return {
    seconds: (performance.now() - started) / 1000,
    latenciesMs: latenciesMs.subarray(0, answered).toSorted(),
    statuses,
  }
}

export function postRequest(path: string, token: string, type: string, body: string): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: ${type}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

export function percentile(ascending: Float64Array, share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? NaN
}
