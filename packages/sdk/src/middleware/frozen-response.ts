/** Makes a response that is held back look as if it had gone out: the host can see no difference, and change nothing any more. */
import type { ServerResponse } from 'node:http'

const HEADER_SETTERS = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const

export class FrozenResponse {
  readonly #response: ServerResponse
  readonly #status: number
  readonly #statusMessage: string
  #hadFinished = false

  constructor(response: ServerResponse) {
    this.#response = response
    this.#status = response.statusCode
    this.#statusMessage = response.statusMessage
    show(response, 'headersSent', true)
    for (const name of HEADER_SETTERS) show(response, name, refuseHeaders)
  }

  /** As after `end`. */
  end(): void {
    const response = this.#response as { finished?: boolean }
    show(this.#response, 'writableEnded', true)
    this.#hadFinished = Object.hasOwn(response, 'finished')
    if (this.#hadFinished) response.finished = true
    else show(this.#response, 'finished', true)
  }

  /** The response is itself again, with the status it had when it was frozen. */
  thaw(): void {
    const response = this.#response as ServerResponse & { finished?: boolean }
    for (const name of ['headersSent', 'writableEnded', ...HEADER_SETTERS])
      Reflect.deleteProperty(response, name)
    if (this.#hadFinished) response.finished = false
    else Reflect.deleteProperty(response, 'finished')
    response.statusCode = this.#status
    if (this.#statusMessage !== undefined) response.statusMessage = this.#statusMessage
  }
}

function show(response: ServerResponse, name: string, value: unknown): void {
  Object.defineProperty(response, name, { value, configurable: true, writable: true })
}

/** As Node says it. */
function refuseHeaders(): never {
  throw Object.assign(new Error('Cannot set headers after they are sent to the client'), {
    code: 'ERR_HTTP_HEADERS_SENT',
  })
}
