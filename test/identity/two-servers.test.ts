/** People on two servers with one database: what one has done counts at the other. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { logIn, newUser } from '../support/new-user.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { serverCluster } from '../support/server-cluster.ts'
import type { TestServer } from '../support/test-server.ts'

const PATIENCE = { timeout: 40_000, interval: 50 }

let postgres: PostgresServer
let redis: RedisServer
beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
}, 120_000)
afterAll(() => Promise.all([postgres, redis].map((service) => service[Symbol.asyncDispose]())))

const search = async (server: TestServer, token: string): Promise<number> =>
  (await server.fetch('/v1/search?q=action:a.b', { token })).status

test('a session opened at one is known at the other at once, and ends at both', {
  timeout: 90_000,
}, async () => {
  const { start } = await serverCluster(
    postgres.url,
    (place) => `${redis.url}/0?prefix=${place}&shards=4&lease_ms=1000`,
  )
  const [one, two] = [await start(), await start()]
  await newUser(one, 'a@example.com', ['viewer'])
  const first = await logIn(one, 'a@example.com')
  expect(await search(two, first.accessToken)).toBe(200)

  const refreshed = await two.post('/v1/session/refresh', { refresh_token: first.refreshToken })
  expect(refreshed.status).toBe(200)
  const token = refreshed.body['access_token'] as string
  expect(await search(one, token)).toBe(200)
  // The one that was stolen comes to the server that has not seen the other one used.
  expect((await one.post('/v1/session/refresh', { refresh_token: first.refreshToken })).status).toBe(401)
  await vi.waitUntil(async () => (await search(two, token)) === 401, PATIENCE)

  const [user] = (await two.get<{ users: { id: string }[] }>('/v1/users')).users
  const again = await logIn(two, 'a@example.com')
  expect(await search(one, again.accessToken)).toBe(200)
  const disabled = {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{"disabled":true}',
  }
  expect((await two.fetch(`/v1/users/${user!.id}`, disabled)).status).toBe(200)
  await vi.waitUntil(async () => (await search(one, again.accessToken)) === 401, PATIENCE)
  await expect(logIn(one, 'a@example.com')).rejects.toThrow(/401/)
})

test('a viewer token made at one is taken at the other, and ends at both with the key that made it', {
  timeout: 90_000,
}, async () => {
  const { start } = await serverCluster(
    postgres.url,
    (place) => `${redis.url}/0?prefix=${place}&shards=4&lease_ms=1000`,
  )
  const [one, two] = [await start(), await start()]
  const { body: key } = await one.post('/v1/keys', { name: 'shop', scopes: ['admin'] })
  const made = await one.fetch('/v1/viewer-tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'action:a.b', name: 'c-1' }),
    token: key['token'] as string,
  })
  const { token } = (await made.json()) as { token: string }
  expect(await search(one, token)).toBe(200)
  // Once it knows the key, which was made just now.
  await vi.waitUntil(async () => (await search(two, token)) === 200, PATIENCE)
  await one.fetch(`/v1/keys/${key['prefix'] as string}`, { method: 'DELETE' })
  expect(await search(one, token)).toBe(401)
  await vi.waitUntil(async () => (await search(two, token)) === 401, PATIENCE)
})
