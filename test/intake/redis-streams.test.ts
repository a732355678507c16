import { intakeSuite } from '@trailproof/conformance'
import { RedisBroker } from '@trailproof/server/intake/redis'
import { afterAll, beforeAll } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis-server.ts'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server[Symbol.asyncDispose]())

intakeSuite({
  name: 'redis-streams',
  open: (prefix) => RedisBroker.open({ url: server.url, prefix, shards: 4, leaseMs: 1_000 }),
})
