/** Keeps a server running over the same data and keys while a test kills it; clients ask it where to go next. */
import type { ChildProcess } from 'node:child_process'
import {
  type Exit,
  NotStarted,
  type ServerHome,
  type ServerProcess,
  type StartProcessOptions,
  startServerProcess,
} from './server-process.ts'

export class Supervisor {
  readonly #home: ServerHome
  readonly #options: StartProcessOptions
  #current: PromiseWithResolvers<ServerProcess> = toCome()
  /** Servers started, those included that were killed before they listened. */
  starts = 0

  constructor(home: ServerHome, options: StartProcessOptions = {}) {
    this.#home = home
    this.#options = options
  }

  /** The server of now, or the next one while there is none. */
  get server(): Promise<ServerProcess> {
    return this.#current.promise
  }

  /** Starts the server; for clients it takes the place of the one that has ended. */
  async start(options: StartProcessOptions = {}): Promise<ServerProcess> {
    this.starts++
    const server = await startServerProcess(this.#home, { ...this.#options, ...options })
    const announced = this.#current
    announced.resolve(server)
    // However it ends, clients wait for the next one from then on.
    void server.exited.then(() => this.#turnFrom(announced))
    return server
  }

  /** Starts the server and kills it `delayMs` after its process is there, whether it listens by then or not. */
  async startAndKill(delayMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const onSpawn = (child: ChildProcess): void => {
      timer = setTimeout(() => child.kill('SIGKILL'), delayMs)
    }
    try {
      const server = await this.start({ onSpawn })
      await server.exited
    } catch (error) {
      // Killed before it listened, as meant; anything else it may have died of is told.
      if (!(error instanceof NotStarted) || error.exit.signal !== 'SIGKILL') throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends the server; clients wait for the next one from here on. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Exit> {
    const server = await this.#current.promise
    this.#turnFrom(this.#current)
    return server.end(signal)
  }

  /** Says that no server will follow: clients that wait are told, instead of waiting for ever. */
  giveUp(error: Error): void {
    this.#current.reject(error)
  }

  #turnFrom(announced: PromiseWithResolvers<ServerProcess>): void {
    if (this.#current === announced) this.#current = toCome()
  }
}

/** A server to come. Nobody may be waiting when it is given up. */
function toCome(): PromiseWithResolvers<ServerProcess> {
  const coming = Promise.withResolvers<ServerProcess>()
  coming.promise.catch(() => undefined)
  return coming
}
