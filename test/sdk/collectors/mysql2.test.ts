/** mysql2 against its own server: statements in text and prepared ones, in every form of the client. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import mysql from 'mysql2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callsOf, callsOfEach } from './recorded-calls.ts'

/** What is used of mysql2's server, whose types are not complete. */
interface ServerConnection {
  serverHandshake(options: object): void
  on(event: string, listener: (...args: never[]) => void): void
  writeOk(options?: object): void
  writeTextResult(rows: object[], columns: object[]): void
  writeError(error: { code: number; message: string }): void
  readonly stream: { write(bytes: Uint8Array): void; setNoDelay(): void }
  sequenceId: number
}

const COLUMN = {
  catalog: 'def',
  schema: 's',
  table: 'users',
  orgTable: 'users',
  name: 'id',
  orgName: 'id',
  characterSet: 33,
  columnLength: 11,
  columnType: 3,
  flags: 0,
  decimals: 0,
}

let port: number
const server = mysql.createServer(() => undefined)
beforeAll(async () => {
  server.on('connection', (given) => {
    const connection = given as unknown as ServerConnection
    connection.stream.setNoDelay()
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 8,
      capabilityFlags: 0xff_ff_ff ^ 0x8_00, // no TLS
    })
    connection.on('error', () => undefined) // the client leaves
    // Numbers of packets begin anew with each command.
    const answer = (sql: string, write: () => void): void => {
      connection.sequenceId = 1
      if (sql.includes('nowhere'))
        connection.writeError({ code: 1146, message: "Table 'nowhere' doesn't exist" })
      else write()
      connection.sequenceId = 0
    }
    connection.on('query', (sql: string) =>
      answer(sql, () => {
        if (sql.startsWith('SELECT')) connection.writeTextResult([{ id: 1 }, { id: 2 }], [COLUMN])
        else connection.writeOk({ affectedRows: 3 })
      }),
    )
    // Statement 1, no columns; that it counts no parameters does not keep the client from sending them.
    const prepared = Buffer.from([12, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    connection.on('stmt_prepare', (sql: string) => answer(sql, () => connection.stream.write(prepared)))
    connection.on('stmt_execute', () => answer('', () => connection.writeOk({ affectedRows: 1 })))
  })
  server.listen(0)
  // oxlint-disable-next-line typescript/no-explicit-any -- the net.Server inside
  const inner = (server as any)._server
  if (!inner.listening) await once(inner, 'listening')
  port = (inner.address() as AddressInfo).port
})
afterAll(() => new Promise((resolve) => server.close(() => resolve(undefined))))

function pool(connectionLimit = 2) {
  const client = mysql.createPool({ host: '127.0.0.1', port, user: 'u', database: 'd', connectionLimit })
  return Object.assign(client, {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => client.end(() => resolve())),
  })
}

describe('mysql2', () => {
  test('statements are recorded with their rows, in callbacks and promises', async () => {
    await using client = pool()
    const calls = await callsOf(async () => {
      await client.promise().query('SELECT id FROM users WHERE name = ?', ['a'])
      await new Promise((resolve) => client.query('UPDATE users SET name = ?', ['b'], resolve))
    })
    expect(calls).toMatchObject([
      {
        type: 'database',
        name: 'mysql SELECT users',
        request: { query: "SELECT id FROM users WHERE name = 'a'" },
        response: { rows_affected: 2 },
      },
      { name: 'mysql UPDATE users', response: { rows_affected: 3 } },
    ])
  })

  test('values of secret columns are masked, in texts and in lists of arguments', async () => {
    await using client = pool()
    const calls = await callsOf(async () => {
      await client.promise().query('INSERT INTO users (name, password) VALUES (?, ?)', ['a', 'hunter2'])
      await client.promise().query('UPDATE users SET ?', { api_token: 'hunter2' })
      await client.promise().execute('UPDATE users SET password = ? WHERE id = ?', ['hunter2', 7])
    })
    expect(JSON.stringify(calls)).not.toContain('hunter2')
    expect(calls).toMatchObject([
      { request: { query: "INSERT INTO users (name, password) VALUES ('a', ***)" } },
      {},
      { name: 'mysql UPDATE users', request: { args: ['***', 7] }, response: { rows_affected: 1 } },
    ])
  })

  test.each(['query', 'execute'] as const)(
    'an error of %s is recorded, and reaches the caller',
    async (method) => {
      await using client = pool()
      const calls = await callsOf(async () => {
        const promised = client.promise()
        const sql = 'SELECT 1 FROM nowhere'
        const running = method === 'query' ? promised.query(sql) : promised.execute(sql)
        await expect(running).rejects.toThrow("doesn't exist")
      })
      expect(calls).toMatchObject([
        {
          name: 'mysql SELECT nowhere',
          error: { message: "Table 'nowhere' doesn't exist", code: expect.any(String) },
        },
      ])
      expect(calls).toHaveLength(1)
    },
  )

  test('a database that is not there is visible', async () => {
    const client = mysql.createPool({ host: '127.0.0.1', port: 1, connectTimeout: 5_000 })
    const calls = await callsOf(() =>
      client
        .promise()
        .query('SELECT 1')
        .catch(() => undefined),
    )
    client.end()
    expect(calls).toMatchObject([{ name: 'mysql connect', error: { code: 'ECONNREFUSED' } }])
  })

  test('a callback runs in the trail that made the call', async () => {
    await using client = pool(1)
    const calls = await callsOfEach(10, async (trail) => {
      await new Promise<void>((resolve) => {
        client.query(`SELECT ${trail}`, () => {
          client.query(`SELECT ${trail} + 1`, () => resolve())
        })
      })
    })
    for (const [trail, own] of calls.entries())
      expect(own.map(({ request }) => request.query)).toEqual([`SELECT ${trail}`, `SELECT ${trail} + 1`])
  })

  test('1,000 statements in 50 trails over two connections: each in its own', async () => {
    await using client = pool(2)
    const calls = await callsOfEach(50, (trail) =>
      Promise.all(Array.from({ length: 20 }, (_, i) => client.promise().query('SELECT ? + ?', [trail, i]))),
    )
    for (const [trail, own] of calls.entries())
      expect(new Set(own.map(({ request }) => request.query))).toEqual(
        new Set(Array.from({ length: 20 }, (_, i) => `SELECT ${trail} + ${i}`)),
      )
  })
})
