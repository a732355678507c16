/** A server that is started again whenever it ends, as an operator's supervisor does it. */
import type { ChildProcess } from 'node:child_process'
import { type Exit, NotStarted, type ServerHome, type ServerProcess } from './server-process.ts'
import { Supervisor } from './supervisor.ts'

/** Exit codes after which a start is the right answer: `EXIT_FATAL`, and one that could not reach what it needs. */
const EXIT_FATAL = 70
const UNREACHABLE: ReadonlySet<string> = new Set([
  'STORE_UNAVAILABLE',
  'BROKER_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
  'OVERLOADED',
  'HEAD_MOVED',
])

export class RestartedServer {
  readonly #supervisor: Supervisor
  /** How often it ended, by reason. */
  readonly ends = new Map<string, number>()
  #isStopping = false
  #isPaused = false
  #process: ChildProcess | undefined
  #current: ServerProcess | undefined
  /** Resolves once it is stopped; rejects when it ended in a way that no fault explains. */
  readonly ended: Promise<void>

  constructor(home: ServerHome, settings: Readonly<Record<string, unknown>>) {
    this.#supervisor = new Supervisor(home, { settings })
    this.ended = this.#keepUp()
    // Whoever runs the test awaits it at the end; clients are told through `server`.
    this.ended.catch((error: unknown) => this.#supervisor.giveUp(error as Error))
  }

  /** The server of now, or the next one while there is none. */
  get server(): Promise<ServerProcess> {
    return this.#supervisor.server
  }

  /** The server of now; undefined while there is none that could answer. */
  get current(): ServerProcess | undefined {
    return this.#isPaused ? undefined : this.#current
  }

  /** Ends what runs or starts; it is started again. */
  kill(): void {
    this.#process?.kill('SIGKILL')
  }

  /** It stops where it stands; new requests go elsewhere, those it has wait. */
  async pause(): Promise<void> {
    const server = await this.server
    this.#isPaused = true
    server.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#current?.resume()
  }

  /** Ends it in good order, for good; resolves as `ended` does. */
  stop(): Promise<void> {
    this.#isStopping = true
    void this.#current?.end('SIGTERM')
    return this.ended
  }

  async #keepUp(): Promise<void> {
    while (!this.#isStopping)
      try {
        const server = await this.#supervisor.start({ onSpawn: (child) => (this.#process = child) })
        this.#current = server
        if (this.#isStopping) void server.end('SIGTERM')
        const exit = await server.exited
        this.#current = undefined
        this.#judge(exit)
      } catch (error) {
        if (!(error instanceof NotStarted)) throw error
        const { code = error.exit.signal ?? '' } = error
        if (code !== 'SIGKILL' && !UNREACHABLE.has(code)) throw error
        this.#count(`not started: ${code}`)
      }
  }

  #judge({ code, signal, output }: Exit): void {
    this.#count(signal ?? `exit ${code}`)
    if (signal === 'SIGKILL' || code === EXIT_FATAL || (this.#isStopping && code === 0)) return
    throw new Error(`it ended with ${code ?? signal}:\n${output}`)
  }

  #count(reason: string): void {
    this.ends.set(reason, (this.ends.get(reason) ?? 0) + 1)
  }
}
