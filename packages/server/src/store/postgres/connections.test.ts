import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { execute } from '../../../../../test/support/each-postgres.ts'
import { type PostgresServer, startPostgres } from '../../../../../test/support/postgres-server.ts'
import { Connections } from './connections.ts'
import { resolveOptions } from './postgres-options.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server[Symbol.asyncDispose]())

function open(
  options: { connectionsMax?: number; reconnectMs?: number; connectTimeoutMs?: number } = {},
): Connections {
  const connections = new Connections(resolveOptions({ url: server.url, ...options }))
  onTestFinished(() => connections[Symbol.asyncDispose]())
  return connections
}

test.each([
  ['off', 'on'],
  ['local', 'on'],
  ['remote_write', 'on'],
  ['remote_apply', 'remote_apply'],
])(
  'a commit is on the disk when it is answered, also where the database says synchronous_commit = %s',
  async (set, expected) => {
    await execute(server.url, `ALTER DATABASE postgres SET synchronous_commit = ${set}`)
    await execute(server.url, 'ALTER DATABASE postgres SET standard_conforming_strings = off')
    onTestFinished(async () => {
      await execute(server.url, 'ALTER DATABASE postgres RESET ALL')
    })
    const connections = open()
    expect(await connections.read('SHOW synchronous_commit', [])).toEqual([{ synchronous_commit: expected }])
    // As our scripts write bytes.
    expect(await connections.read("SELECT '\\x005c27'::bytea AS bytes", [])).toEqual([
      { bytes: Buffer.from([0, 0x5c, 0x27]) },
    ])
  },
)

test('64-bit numbers are numbers, up to 2^53', async () => {
  expect(await open().read('SELECT 9007199254740991::bigint AS n', [])).toEqual([{ n: 2 ** 53 - 1 }])
})

test('a read is made again when its connection is lost, a transaction is not', async () => {
  const connections = open({ connectionsMax: 1 })
  const pid = async () =>
    (await connections.read<{ pid: number }>('SELECT pg_backend_pid() AS pid', []))[0]!.pid
  const first = await pid()
  let attempts = 0
  const lost = connections.transaction('work', async (connection) => {
    attempts++
    await execute(server.url, 'SELECT pg_terminate_backend($1)', [first])
    await connection.query('SELECT 1')
  })
  await expect(lost).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
  expect(attempts).toBe(1)
  const second = await pid()
  expect(second).not.toBe(first)
  const slow = connections.read<{ done: string }>(
    'SELECT pg_sleep(CASE WHEN pg_backend_pid() = $1 THEN 60 ELSE 0 END)::text AS done',
    [second],
  )
  await expect
    .poll(
      () =>
        execute(server.url, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = $1', [
          'PgSleep',
        ]),
      { timeout: 50_000 },
    )
    .toHaveLength(1)
  expect(await slow).toEqual([{ done: '' }])
})

test('a transaction that fails leaves nothing behind, and its connection is used again', async () => {
  const connections = open({ connectionsMax: 1 })
  const work = connections.transaction('work', async (connection) => {
    await connection.query('CREATE TABLE half (a int)')
    throw new Error('no')
  })
  await expect(work).rejects.toThrow('no')
  expect(await connections.read("SELECT to_regclass('half') AS half", [])).toEqual([{ half: null }])
})

test('more calls than connections wait their turn, and are told when it does not come', async () => {
  const connections = open({ connectionsMax: 2, connectTimeoutMs: 300, reconnectMs: 0 })
  const pids = await Promise.all(
    Array.from({ length: 20 }, () => connections.read<{ pid: number }>('SELECT pg_backend_pid() AS pid', [])),
  )
  expect(new Set(pids.map(([row]) => row!.pid)).size).toBeLessThanOrEqual(2)
  const { promise, resolve } = Promise.withResolvers<void>()
  const busy = [1, 2].map(() => connections.use('busy', () => promise))
  await expect(connections.read('SELECT 1', [])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  resolve()
  await Promise.all(busy)
})

test('a wrong password is said at once, and not tried again', async () => {
  const connections = new Connections(
    resolveOptions({ url: server.url.replace('postgres:postgres', 'postgres:wrong'), reconnectMs: 600_000 }),
  )
  onTestFinished(() => connections[Symbol.asyncDispose]())
  await expect(connections.read('SELECT 1', [])).rejects.toThrow(/password authentication failed/)
})

test('warns of several hosts without a synchronous standby, and passes over one that is down', async () => {
  const warnings: string[] = []
  const url = server.url.replace(/@([^/]*)/, '@127.0.0.1:1,$1')
  const connections = new Connections(resolveOptions({ url, onWarning: (message) => warnings.push(message) }))
  onTestFinished(() => connections[Symbol.asyncDispose]())
  await connections.read('SELECT 1', [])
  await connections.read('SELECT 1', [])
  expect(warnings).toEqual([
    expect.stringContaining('fsync=off'),
    expect.stringContaining('no synchronous standby'),
  ])
})
