/** Node's own HTTP server, and with it whatever runs on one. */
import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RecorderChoice, recorderOf } from '../recorder/default-recorder.ts'
import type { Recorder } from '../recorder/recorder.ts'
import { openExchange } from './http-exchange.ts'
import { runUpgrade } from './upgrade.ts'

/**
 * Each request that `server` (http, https or http2 with compatibility) takes becomes a trail; upgrades and CONNECT too. Gives back the same server:
 *
 *     recordServer(createServer(handler), { service: 'orders' }).listen(3000)
 */
export function recordServer<Server extends EventEmitter>(server: Server, choice?: RecorderChoice): Server {
  const recorder = recorderOf(choice)
  observeEmit(server, () => recorder)
  return server
}

/** @internal The requests of one server, or of all whose prototype is given, run as part of a trail. */
export function observeEmit(target: EventEmitter, recorderFor: () => Recorder): void {
  const { emit } = target as { emit: Emit }
  const observed: Emit = function (event, ...args) {
    if (event === 'upgrade' || event === 'connect') {
      const [request, socket] = args as [IncomingMessage, Duplex]
      return runUpgrade(recorderFor(), request, socket, () => emit.call(this, event, ...args))
    }
    if (!REQUESTS.has(event)) return emit.call(this, event, ...args)
    const [request, response] = args as [IncomingMessage, ServerResponse]
    const exchange = openExchange(recorderFor(), request, response)
    if (exchange === undefined) return emit.call(this, event, ...args)
    try {
      return exchange.run(() => emit.call(this, event, ...args))
    } catch (error) {
      exchange.fail(error)
      throw error
    }
  }
  target.emit = observed
}

/** A server may answer `Expect: 100-continue` itself. */
const REQUESTS: ReadonlySet<string | symbol> = new Set(['request', 'checkContinue', 'checkExpectation'])

type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean
