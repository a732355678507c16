/** Pools of node-redis: they tell of each command, but whoever waited for a connection goes on in the turn of whoever gave it back. */
import { inScope } from './call.ts'
import { isFirstCollected, type Method, watch } from './collected.ts'

interface RedisPool {
  execute(work: never): unknown
}

/**
 * What waits for one of the pool's connections stays in its own trail. Other Redis clients need nothing of this kind. Takes what
 * `createClientPool` gives; gives the same back.
 *
 *     const pool = collectRedisPool(createClientPool({ url }))
 */
export function collectRedisPool<Pool extends RedisPool>(pool: Pool): Pool {
  if (isFirstCollected(pool)) watch(pool, 'execute', watchedExecute)
  return pool
}

/** @internal */
export function watchedExecute(execute: Method): Method {
  return function (work, ...rest) {
    return execute.call(this, typeof work === 'function' ? inScope(work as Method) : work, ...rest)
  }
}
