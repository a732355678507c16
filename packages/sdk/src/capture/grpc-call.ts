/** What is recorded of a gRPC call, on either side: its messages, and how its status is called. */

/** What is used of @grpc/grpc-js by both ends of a call. */
export interface GrpcMetadata {
  get(name: string): readonly (string | Uint8Array)[]
  getMap(): Readonly<Record<string, unknown>>
  set(name: string, value: string): void
}

export interface GrpcStatus {
  readonly code: number
  readonly details: string
}

/** How an interceptor hands on what it was given. */
export type GrpcNext<Value> = (value: Value) => void

/** Messages of one direction that are kept; all are counted. */
const MESSAGES_MAX = 10
/** Names of codes (grpc.io, "Status codes"), by number. */
const CODES = (
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
  'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'
).split(' ')

export class Messages {
  readonly #kept: unknown[] = []
  #count = 0

  add(message: unknown): void {
    this.#count++
    if (this.#kept.length < MESSAGES_MAX) this.#kept.push(message)
  }

  described(isStream: boolean): object {
    if (!isStream) return { body: this.#kept[0] }
    return { body: this.#kept, messages: this.#count }
  }
}

export function codeName(code: number): string {
  return CODES[code] ?? String(code)
}
