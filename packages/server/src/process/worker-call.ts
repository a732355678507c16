/** Calls between the main thread and its workers: a method name, arguments, one answer each. */
import { type MessagePort, type Transferable, Worker } from 'node:worker_threads'
import { TrailproofError } from '../trailproof-error.ts'

/** What a worker offers: each method takes and gives structured-cloneable values. */
export type Handlers = Record<string, (...args: never[]) => unknown>

type Call = { call: number; method: string; args: unknown[] }
type Answer = { answer: number; value?: unknown; error?: SerializedError }
type Event = { event: unknown }
type SerializedError = {
  message: string
  stack?: string
  code?: string
  retryable?: boolean
  fatal?: boolean
}

/** An answer whose buffers are moved to the caller instead of copied. */
export class Transfer<T> {
  readonly value: T
  readonly transfer: readonly Transferable[]
  constructor(value: T, transfer: readonly Transferable[]) {
    this.value = value
    this.transfer = transfer
  }
}

/** In the worker: sends an event to whoever started it. */
export function emitEvent(port: MessagePort, event: unknown): void {
  port.postMessage({ event } satisfies Event)
}

/**
 * In the worker: answers calls as they resolve. After the call `close` the thread has nothing more to
 * wait for and ends by itself.
 */
export function serveCalls(port: MessagePort, handlers: Handlers): void {
  port.on('message', (message: Call) => {
    void answerCall(port, handlers, message).then(() => {
      if (message.method === 'close') port.close()
    })
  })
}

async function answerCall(
  port: MessagePort,
  handlers: Handlers,
  { call, method, args }: Call,
): Promise<void> {
  try {
    const handler = handlers[method]
    if (!handler) throw new Error(`worker has no method ${method}`)
    const value = await handler(...(args as never[]))
    if (value instanceof Transfer)
      port.postMessage({ answer: call, value: value.value } satisfies Answer, [...value.transfer])
    else port.postMessage({ answer: call, value } satisfies Answer)
  } catch (error) {
    port.postMessage({ answer: call, error: serializeError(error) } satisfies Answer)
  }
}

function serializeError(error: unknown): SerializedError {
  if (error instanceof TrailproofError)
    return { message: error.message, code: error.code, retryable: error.retryable, stack: error.stack ?? '' }
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? '' }
  return { message: String(error) }
}

export type WorkerApi<H extends Handlers> = {
  [K in keyof H]: (
    ...args: Parameters<H[K]>
  ) => Promise<Awaited<ReturnType<H[K]>> extends Transfer<infer T> ? T : Awaited<ReturnType<H[K]>>>
}

export interface WorkerHandle<H extends Handlers> {
  /** One async method per handler of the worker. */
  readonly call: WorkerApi<H>
  /** Like `call`, moving the given buffers instead of copying them. */
  callWith<K extends keyof H & string>(
    method: K,
    args: Parameters<H[K]>,
    transfer: readonly Transferable[],
  ): Promise<Awaited<ReturnType<H[K]>> extends Transfer<infer T> ? T : Awaited<ReturnType<H[K]>>>
  /** Calls that are not answered. */
  readonly waiting: number
  /** The one listener; it is given at once what came before it. */
  onEvent(listener: (event: unknown) => void): void
  /** Called once when the worker ends without having been asked to. Pending calls reject. */
  onDeath(listener: (error: Error) => void): void
  /** Asks the worker to close, and ends it if it does not within 10 s. */
  close(): Promise<void>
}

const CLOSE_TIMEOUT_MS = 10_000
/** Left to itself, V8 gives each thread up to 96 MiB for what dies young; ours needs little of it. */
const YOUNG_GENERATION_MIB = 12

/**
 * Starts the worker module `name` (without ending) that lies beside `base`.
 * From source the worker is TypeScript and needs the condition that resolves packages to source.
 */
export function startWorker<H extends Handlers>(
  base: string,
  name: string,
  workerData: unknown,
): WorkerHandle<H> {
  const fromSource = base.endsWith('.ts')
  const worker = new Worker(new URL(`./${name}${fromSource ? '.ts' : '.js'}`, base), {
    workerData,
    name,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    execArgv: [
      ...(fromSource ? ['--conditions=trailproof-source'] : []),
      ...process.execArgv.filter((flag) => flag.startsWith('--cpu-prof')),
    ],
  })
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const earlyEvents: unknown[] = []
  let eventListener = (event: unknown): void => void earlyEvents.push(event)
  const deathListeners: ((error: Error) => void)[] = []
  let nextCall = 0
  let stopping = false
  let dead: Error | undefined

  worker.on('message', (message: Answer | Event) => {
    if ('event' in message) {
      eventListener(message.event)
      return
    }
    const waiting = pending.get(message.answer)
    pending.delete(message.answer)
    if (message.error) waiting?.reject(deserializeError(message.error))
    else waiting?.resolve(message.value)
  })
  const die = (error: Error): void => {
    if (dead) return
    dead = error
    for (const waiting of pending.values()) waiting.reject(error)
    pending.clear()
    if (!stopping) for (const listener of deathListeners) listener(error)
  }
  worker.on('error', (error: unknown) => die(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', (code) => die(new Error(`worker ${name} ended with code ${code}`)))

  const callWith = (method: string, args: unknown[], transfer: readonly Transferable[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (dead) {
        reject(dead)
        return
      }
      const call = nextCall++
      pending.set(call, { resolve, reject })
      worker.postMessage({ call, method, args } satisfies Call, [...transfer])
    })

  const call = new Proxy({} as WorkerApi<H>, {
    get:
      (_, method: string) =>
      (...args: unknown[]) =>
        callWith(method, args, []),
  })
  return {
    call,
    // The proxy is untyped inside; the interface above states the types once.
    callWith: callWith as WorkerHandle<H>['callWith'],
    get waiting() {
      return pending.size
    },
    onEvent(listener) {
      eventListener = listener
      for (const event of earlyEvents.splice(0)) listener(event)
    },
    onDeath: (listener) => deathListeners.push(listener),
    async close() {
      stopping = true
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS)
      try {
        if (!dead) {
          await callWith('close', [], [])
          await ended
        }
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function deserializeError({ message, code, retryable, stack }: SerializedError): Error {
  const error = code
    ? new TrailproofError(code as TrailproofError['code'], message, { retryable: retryable ?? false })
    : new Error(message)
  if (stack) error.stack = stack
  return error
}
