/** Redis clients whose commands may have to wait: both tell of each command, but only once it goes out, in the turn of something else. */
import { currentScope, runInScope, type Scope } from '../recorder/scope.ts'
import { inScope } from './call.ts'
import { isFirstCollected, type Method, watch } from './collected.ts'

/**
 * Commands that wait stay in their own trail: those of ioredis until it is connected, those of a pool of node-redis until a connection is
 * free. Whatever does not wait, and any other client, needs nothing of this kind. Takes a Redis, a Cluster or a pool; gives the same back.
 *
 *     const redis = collectRedis(new Redis(url))
 */
export function collectRedis<Client extends object>(client: Client): Client {
  if (!isFirstCollected(client)) return client
  if ('offlineQueue' in client) watch(client, 'sendCommand', watchedSendCommand)
  else watch(client, 'execute', watchedExecute)
  return client
}

/** @internal A pool's of node-redis. */
export function watchedExecute(execute: Method): Method {
  return function (work, ...rest) {
    return execute.call(this, typeof work === 'function' ? inScope(work as Method) : work, ...rest)
  }
}

/** Whose a command is that comes here again when it goes out. */
const scopes = new WeakMap<object, Scope | undefined>()

/** @internal ioredis'. */
export function watchedSendCommand(send: Method): Method {
  return function (command, ...rest) {
    if (typeof command !== 'object' || command === null) return send.call(this, command, ...rest)
    if (!scopes.has(command)) scopes.set(command, currentScope())
    return runInScope(scopes.get(command), () => send.call(this, command, ...rest))
  }
}
