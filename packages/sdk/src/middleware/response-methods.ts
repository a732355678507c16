/** The methods of a response that are watched, as they were before, and calling them without being watched again. */
import type { ServerResponse } from 'node:http'

type Method<Result> = (this: ServerResponse, ...args: unknown[]) => Result

export interface ResponseMethods {
  writeHead: Method<ServerResponse>
  write: Method<boolean>
  end: Method<ServerResponse>
  flushHeaders: Method<void>
}

export class Originals {
  readonly #response: ServerResponse
  readonly #methods: ResponseMethods
  #isPassing = false

  constructor(response: ServerResponse) {
    const { writeHead, write, end, flushHeaders } = response as unknown as ResponseMethods
    this.#response = response
    this.#methods = { writeHead, write, end, flushHeaders }
  }

  /** Whether an original runs now: what it calls on the response is its own doing (`end` writes, the first `write` sends the head). */
  get isPassing(): boolean {
    return this.#isPassing
  }

  /** They are the response's again, as far as they were taken. */
  restore(): void {
    Object.assign(this.#response, this.#methods)
  }

  writeHead(args: readonly unknown[]): ServerResponse {
    return this.#pass(this.#methods.writeHead, args)
  }

  write(args: readonly unknown[]): boolean {
    return this.#pass(this.#methods.write, args)
  }

  end(args: readonly unknown[]): ServerResponse {
    return this.#pass(this.#methods.end, args)
  }

  flushHeaders(): void {
    this.#pass(this.#methods.flushHeaders, [])
  }

  #pass<Result>(method: Method<Result>, args: readonly unknown[]): Result {
    const before = this.#isPassing
    this.#isPassing = true
    try {
      return method.apply(this.#response, args as unknown[]) // apply writes nothing to it
    } finally {
      this.#isPassing = before
    }
  }
}
