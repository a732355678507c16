/** node-redis and ioredis against a real Redis: both tell of their commands on channels. */
import { currentTrail } from '@trailproof/sdk'
import { collectRedis } from '@trailproof/sdk/collectors'
import { Redis } from 'ioredis'
import { createClient, createClientPool } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { callsOf, callsOfEach } from './recorded-calls.ts'

let server: RedisServer
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server[Symbol.asyncDispose]())

/** Both clients, called alike. */
interface Client extends AsyncDisposable {
  call(command: string, ...args: string[]): Promise<unknown>
  batch(kind: 'MULTI' | 'PIPELINE', key: string): Promise<unknown>
}

const CLIENTS: Readonly<Record<string, () => Promise<Client>>> = {
  'node-redis': async () => {
    const client = createClient({ url: server.url })
    await client.connect()
    return {
      call: (...args) => client.sendCommand(args),
      batch: (kind, key) => {
        const commands = client.multi().set(key, 'v').get(key)
        return kind === 'MULTI' ? commands.exec() : commands.execAsPipeline()
      },
      [Symbol.asyncDispose]: () => client.close(),
    }
  },
  ioredis: async () => {
    const client = new Redis(server.url, { lazyConnect: true })
    await client.connect()
    return {
      call: (command, ...args) => client.call(command, ...args),
      batch: (kind, key) =>
        (kind === 'MULTI' ? client.multi() : client.pipeline()).set(key, 'v').get(key).exec(),
      [Symbol.asyncDispose]: async () => void (await client.quit()),
    }
  },
}

describe.each(Object.entries(CLIENTS))('%s', (name, connect) => {
  const key = (last: string): string => `${name}:${last}`

  test('each command is recorded with its key, without values, and whether it hit', async () => {
    await using client = await connect()
    const calls = await callsOf(async () => {
      expect(await client.call('SET', key('a'), 'secret value')).toBe('OK')
      expect(await client.call('GET', key('a'))).toBe('secret value')
      expect(await client.call('GET', key('none'))).toBeNull()
      await client.call('HSET', key('h'), 'password', 'hunter2')
    })
    expect(calls).toMatchObject([
      {
        type: 'cache',
        name: 'redis SET',
        request: { command: 'SET', key: key('a') },
        response: { status: 'ok' },
      },
      { name: 'redis GET', request: { command: 'GET', key: key('a') }, response: { status: 'hit' } },
      { name: 'redis GET', request: { key: key('none') }, response: { status: 'miss' } },
      { name: 'redis HSET' },
    ])
    expect(calls[0]!['latency_ms']).toBeGreaterThan(0)
    expect(JSON.stringify(calls)).not.toMatch(/secret value|hunter2/)
  })

  test('an error is recorded, and reaches the caller', async () => {
    await using client = await connect()
    const calls = await callsOf(async () => {
      await client.call('SET', key('text'), 'x')
      await expect(client.call('LPUSH', key('text'), 'y')).rejects.toThrow('WRONGTYPE')
    })
    expect(calls[1]).toMatchObject({
      name: 'redis LPUSH',
      error: { message: expect.stringContaining('WRONGTYPE') },
    })
  })

  test.each(['MULTI', 'PIPELINE'] as const)('a %s is visible as what it is', async (kind) => {
    await using client = await connect()
    const calls = await callsOf(() => client.batch(kind, key('b')))
    const marked = calls.filter(({ metadata }) => metadata !== undefined)
    expect(JSON.stringify(calls)).toContain(kind === 'PIPELINE' && name === 'ioredis' ? 'redis GET' : kind)
    expect(calls.every(({ latency_ms }) => latency_ms > 0)).toBe(true)
    if (name === 'node-redis')
      expect(marked[0]).toMatchObject({ name: `redis ${kind}`, metadata: { commands: 2 } })
  })

  test('no password of a connection, a user or a setting is recorded', async () => {
    await using client = await connect()
    const calls = await callsOf(async () => {
      await client.call('CONFIG', 'SET', 'requirepass', '')
      await client.call('ACL', 'SETUSER', 'bob', '>hunter2')
      await client.call('AUTH', 'bob', 'hunter2').catch(() => undefined)
    })
    expect(calls).toHaveLength(3)
    expect(JSON.stringify(calls)).not.toContain('hunter2')
  })

  test('1,000 commands in 50 trails at once: each in its own', async () => {
    await using client = await connect()
    const calls = await callsOfEach(50, (trail) =>
      Promise.all(Array.from({ length: 20 }, (_, i) => client.call('GET', `${trail}:${i}`))),
    )
    for (const [trail, own] of calls.entries()) {
      expect(own.map(({ request }) => request.key)).toEqual(
        Array.from({ length: 20 }, (_, i) => `${trail}:${i}`),
      )
      expect(own.every(({ response }) => response.status === 'miss')).toBe(true)
    }
  })

  test('outside of any trail nothing is recorded and everything works', async () => {
    await using client = await connect()
    expect(currentTrail()).toBeUndefined()
    expect(await client.call('PING')).toBe('PONG')
  })

  test('a value of 10 MB goes through unharmed and is not kept', async () => {
    await using client = await connect()
    const large = 'x'.repeat(10_000_000)
    const calls = await callsOf(() => client.call('SET', key('large'), large))
    expect(await client.call('STRLEN', key('large'))).toBe(large.length)
    expect(JSON.stringify(calls).length).toBeLessThan(1_000)
  })
})

test('node-redis: commands that wait for a connection of a pool are each in their own trail', async () => {
  const pool = collectRedis(createClientPool({ url: server.url }, { minimum: 1, maximum: 2 }))
  await pool.connect()
  const calls = await callsOfEach(50, (trail) =>
    Promise.all(Array.from({ length: 20 }, (_, i) => pool.get(`${trail}:${i}`))),
  )
  await pool.close()
  for (const [trail, own] of calls.entries())
    expect(new Set(own.flatMap(({ request }) => request.key ?? []))).toEqual(
      new Set(Array.from({ length: 20 }, (_, i) => `${trail}:${i}`)),
    )
})

test('ioredis: commands that wait for the connection are each in their own trail', async () => {
  const client = collectRedis(collectRedis(new Redis(server.url, { lazyConnect: true })))
  const calls = await callsOfEach(50, (trail) =>
    Promise.all(Array.from({ length: 20 }, (_, i) => client.get(`${trail}:${i}`))),
  )
  await client.quit()
  for (const [trail, own] of calls.entries())
    expect(own.filter(({ name }) => name === 'redis GET').map(({ request }) => request.key)).toEqual(
      Array.from({ length: 20 }, (_, i) => `${trail}:${i}`),
    )
})
