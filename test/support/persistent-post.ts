/** Posts one body until it is acknowledged, whatever happens to the server: the only way to lose nothing. */
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServerProcess } from './server-process.ts'
import { ADMIN_TOKEN } from './test-server.ts'

export interface Post {
  readonly path: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Acknowledgement<T> {
  readonly body: T
  /** Times it was sent; above 1 the record may be a duplicate of our own. */
  readonly attempts: number
}

/** Knows where to send to: a supervisor, or what shares the requests out over several. */
export interface ServerSource {
  /** The server of now, or the next one while there is none. */
  readonly server: Promise<ServerProcess>
}

/** One connection, kept alive, as a client has it. */
export class PersistentClient implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #source: ServerSource
  readonly #timeoutMs: number | undefined

  /** An answer that takes longer than `timeoutMs` is as good as none; by default it may take for ever. */
  constructor(source: ServerSource, timeoutMs?: number) {
    this.#source = source
    this.#timeoutMs = timeoutMs
  }

  /** Rejects when the server says that the request is at fault; sends again after everything else. */
  async post<T>(post: Post): Promise<Acknowledgement<T>> {
    for (let attempts = 1; ; attempts++) {
      const server = await this.#source.server
      const answer = await this.#send(server, post)
      if (answer.kind === 'answer' && answer.status === 200)
        return { body: JSON.parse(answer.text) as T, attempts }
      if (answer.kind === 'answer' && answer.status !== 503)
        throw new Error(`POST ${post.path}: ${answer.status} ${answer.text}`)
      // 503 says how long to wait; a server that ends before is waited for at once.
      if (answer.kind === 'answer')
        await Promise.race([delay(1000 * answer.retryAfterSeconds), server.exited])
    }
  }

  #send({ port }: ServerProcess, { path, body, headers }: Post): Promise<Answer> {
    return new Promise((resolve) => {
      const failed = (): void => resolve({ kind: 'failed' })
      const sent = request(
        {
          port,
          path,
          host: '127.0.0.1',
          method: 'POST',
          agent: this.#agent,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            authorization: `Bearer ${ADMIN_TOKEN}`,
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', failed)
          response.on('end', () =>
            resolve({
              kind: 'answer',
              status: response.statusCode!,
              retryAfterSeconds: Number(response.headers['retry-after'] ?? 1),
              text: Buffer.concat(chunks).toString(),
            }),
          )
        },
      )
      sent.on('error', failed)
      if (this.#timeoutMs !== undefined) sent.setTimeout(this.#timeoutMs, () => sent.destroy())
      sent.end(body)
    })
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

type Answer =
  /** No answer, or half of one: whether it was recorded is unknown. */
  | { readonly kind: 'failed' }
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly retryAfterSeconds: number
      readonly text: string
    }
