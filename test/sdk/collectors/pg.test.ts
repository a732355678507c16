/** pg against a real PostgreSQL: every form in which a query can be given, pools under load, cursors and streams. */
import { currentTrail, runOutside } from '@trailproof/sdk'
import { collectPg } from '@trailproof/sdk/collectors'
import pg from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../support/postgres-server.ts'
import { callsOf, callsOfEach, trailOf } from './recorded-calls.ts'

let server: PostgresServer
let pool: pg.Pool
beforeAll(async () => {
  server = await startPostgres()
  pool = collectPg(new pg.Pool({ connectionString: server.url, max: 4 }))
  pool.on('error', () => undefined) // the server may end before its connections have
  await pool.query('CREATE TABLE users (id int, name text, password text)')
  await pool.query("INSERT INTO users VALUES (1, 'a', 'p'), (2, 'b', 'p'), (3, 'c', 'p')")
})
afterAll(async () => {
  await pool.end()
  await server[Symbol.asyncDispose]()
})

async function client() {
  const made = collectPg(new pg.Client({ connectionString: server.url }))
  await made.connect()
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.end() })
}

type Queryable = pg.Pool | pg.Client
const SQL = 'SELECT id FROM users WHERE id > $1'

/** Each gives the number of rows that it read. */
const FORMS: Readonly<Record<string, (db: Queryable) => Promise<number | null>>> = {
  'text and values': async (db) => (await db.query(SQL, [1])).rowCount,
  'a config': async (db) => (await db.query({ text: SQL, values: [1] })).rowCount,
  'a config and values': async (db) => (await db.query({ text: SQL }, [1])).rowCount,
  'a prepared statement': async (db) => (await db.query({ name: 'by-id', text: SQL, values: [1] })).rowCount,
  'rows as arrays': async (db) => (await db.query({ text: SQL, values: [1], rowMode: 'array' })).rowCount,
  'text, values and a callback': (db) =>
    new Promise((resolve, reject) => {
      db.query(SQL, [1], (error: Error | undefined, result: pg.QueryResult) =>
        error ? reject(error) : resolve(result.rowCount),
      )
    }),
  'a config and a callback': (db) =>
    new Promise((resolve, reject) => {
      db.query({ text: SQL, values: [1] }, (error: Error | undefined, result: pg.QueryResult) =>
        error ? reject(error) : resolve(result.rowCount),
      )
    }),
}

describe.each(['a pool', 'a client'])('%s', (kind) => {
  const using = async (work: (db: Queryable) => Promise<void>): Promise<void> => {
    if (kind === 'a pool') {
      await work(pool)
      return
    }
    await using made = await client()
    await work(made)
  }

  test.each(Object.entries(FORMS))('%s is recorded', (_form, run) =>
    using(async (db) => {
      const calls = await callsOf(async () => expect(await run(db)).toBe(2))
      expect(calls).toMatchObject([
        {
          type: 'database',
          name: 'pg SELECT users',
          request: { query: SQL, args: [1] },
          response: { rows_affected: 2 },
          latency_ms: expect.any(Number),
        },
      ])
    }),
  )

  test('an error is recorded, and reaches the caller as it is', () =>
    using(async (db) => {
      const calls = await callsOf(async () => {
        await expect(db.query('SELECT * FROM nowhere')).rejects.toMatchObject({
          code: '42P01',
          severity: 'ERROR',
        })
        const thrown = await new Promise((resolve) => {
          db.query('SELECT 1/0', (error: unknown) => resolve(error))
        })
        expect(thrown).toMatchObject({ code: '22012' })
      })
      expect(calls).toMatchObject([
        { name: 'pg SELECT nowhere', error: { code: '42P01', message: expect.stringContaining('nowhere') } },
        { name: 'pg SELECT', error: { code: '22012' } },
      ])
    }))

  test('a rejection that nobody handles stays one', () =>
    using(async (db) => {
      const unhandled = Promise.withResolvers<unknown>()
      const others = process.listeners('unhandledRejection')
      process.removeAllListeners('unhandledRejection')
      process.once('unhandledRejection', unhandled.resolve)
      await callsOf(async () => {
        void db.query('SELECT * FROM nowhere')
        await unhandled.promise
      })
      for (const each of others) process.on('unhandledRejection', each)
      expect(await unhandled.promise).toMatchObject({ code: '42P01' })
    }))

  test('secrets among the arguments and in the text are masked', () =>
    using(async (db) => {
      const calls = await callsOf(async () => {
        await db.query('UPDATE users SET password = $1 WHERE id = $2', ['hunter2', 1])
        await db.query("UPDATE users SET password = 'hunter2' WHERE id = 1")
        await db.query('INSERT INTO users (id, password) VALUES ($1, $2)', [9, 'hunter2'])
        await db.query('DELETE FROM users WHERE id = 9')
      })
      expect(JSON.stringify(calls)).not.toContain('hunter2')
      expect(calls[0]).toMatchObject({ request: { args: ['***', 1] }, response: { rows_affected: 1 } })
    }))

  test('what was collected twice is recorded once', () =>
    using(async (db) => {
      expect(collectPg(db)).toBe(db)
      expect(await callsOf(() => db.query('SELECT 1'))).toHaveLength(1)
    }))

  test('outside of any trail nothing is recorded and everything works', () =>
    using(async (db) => {
      const result = await db.query(SQL, [1])
      expect(result.rows).toEqual([{ id: 2 }, { id: 3 }])
      expect(currentTrail()).toBeUndefined()
    }))
})

async function transact(): Promise<void> {
  const one = await pool.connect()
  await one.query('BEGIN')
  await one.query('UPDATE users SET name = $1 WHERE id = 1', ['x'])
  await one.query('SAVEPOINT s')
  await one.query('ROLLBACK TO SAVEPOINT s')
  await one.query('COMMIT')
  await one.query('SELECT 1')
  one.release()
}

test('a transaction is visible: its statements share a number, and another has another', async () => {
  const calls = await callsOf(async () => {
    await transact()
    await transact()
  })
  expect(calls.map(({ name }) => name).slice(0, 6)).toEqual([
    'pg BEGIN',
    'pg UPDATE users',
    'pg SAVEPOINT',
    'pg ROLLBACK',
    'pg COMMIT',
    'pg SELECT',
  ])
  const numbers = calls.map(({ metadata }) => metadata?.transaction)
  expect(new Set(numbers.slice(0, 5)).size).toBe(1)
  expect(numbers[5]).toBeUndefined()
  expect(new Set(numbers.slice(6, 11)).size).toBe(1)
  expect(numbers[6]).not.toBe(numbers[0])
})

test('a cursor ends when it is read to its end, or closed', async () => {
  await using db = await client()
  const calls = await callsOf(async () => {
    const cursor = db.query(new Cursor<{ id: number }>(SQL, [0]))
    expect(await cursor.read(2)).toHaveLength(2)
    expect(await cursor.read(2)).toHaveLength(1)
    expect(await cursor.read(2)).toHaveLength(0)
    const closed = db.query(new Cursor(SQL, [0]))
    await closed.read(1)
    await closed.close()
  })
  expect(calls).toMatchObject([
    { name: 'pg SELECT users', request: { args: ['0'] }, latency_ms: expect.any(Number) },
    { latency_ms: expect.any(Number) },
  ])
})

test('a stream counts its rows; one that nobody reads has no end', async () => {
  await using db = await client()
  const calls = await callsOf(async () => {
    const rows = await db.query(new QueryStream(SQL, [0])).toArray()
    expect(rows).toHaveLength(3)
  })
  expect(calls).toMatchObject([{ response: { rows_affected: 3 }, latency_ms: expect.any(Number) }])
  const unread = await callsOf(async () => {
    const stream = db.query(new QueryStream(SQL, [0], { batchSize: 1, highWaterMark: 1 }))
    await new Promise((resolve) => stream.once('readable', resolve))
    setImmediate(() => stream.destroy())
  })
  expect(unread).toMatchObject([{ name: 'pg SELECT users', latency_ms: null }])
})

test('a Query object tells its errors as before', async () => {
  await using db = await client()
  const calls = await callsOf(async () => {
    const query = db.query(new pg.Query('SELECT * FROM nowhere'))
    const error = await new Promise((resolve) => {
      query.once('error', resolve)
    })
    expect(error).toMatchObject({ code: '42P01' })
    const fine = db.query(new pg.Query('SELECT id FROM users'))
    await new Promise((resolve) => fine.once('end', resolve))
  })
  expect(calls).toMatchObject([{ error: { code: '42P01' } }, { response: { rows_affected: 3 } }])
})

test('several statements in one text are one call, with all their rows', async () => {
  const calls = await callsOf(() => pool.query('SELECT 1; SELECT id FROM users; SELECT 2'))
  expect(calls).toMatchObject([{ response: { rows_affected: 5 } }])
})

test('a database that is not there is visible', async () => {
  const gone = collectPg(new pg.Pool({ host: '127.0.0.1', port: 1 }))
  const calls = await callsOf(async () => {
    await expect(gone.query('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(gone.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
  await gone.end()
  expect(calls).toMatchObject([
    { name: 'pg connect', error: { code: 'ECONNREFUSED' } },
    { name: 'pg connect', error: { code: 'ECONNREFUSED' } },
  ])
})

test('a callback runs in the trail that made the call', async () => {
  const single = collectPg(new pg.Pool({ connectionString: server.url, max: 1 }))
  const calls = await callsOfEach(20, async (trail) => {
    await new Promise<void>((resolve) => {
      single.query('SELECT $1::int', [trail], () => {
        single.query('SELECT $1::int + 1', [trail], () => resolve())
      })
    })
  })
  await single.end()
  for (const [trail, own] of calls.entries())
    expect(own.map(({ request }) => request.args)).toEqual([[trail], [trail]])
})

test('1,000 queries in 50 trails over four connections: each in its own', async () => {
  const calls = await callsOfEach(50, (trail) =>
    Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        if (i % 2 === 0) return pool.query('SELECT $1::int, $2::int', [trail, i])
        const one = await pool.connect()
        await one.query('SELECT $1::int, $2::int', [trail, i])
        return one.release()
      }),
    ),
  )
  for (const [trail, own] of calls.entries()) {
    expect(new Set(own.map(({ request }) => request.args.join()))).toEqual(
      new Set(Array.from({ length: 20 }, (_, i) => `${trail},${i}`)),
    )
    expect(own).toHaveLength(20)
  }
})

test('a query without a trail is in none, whoever waits for the pool beside it', async () => {
  const single = collectPg(new pg.Pool({ connectionString: server.url, max: 1 }))
  const calls = await callsOf(() =>
    Promise.all([
      single.query("SELECT 'mine'"),
      runOutside(() => single.query("SELECT 'nobody'")),
      single.query("SELECT 'mine too'"),
    ]),
  )
  await single.end()
  expect(calls.map(({ request }) => request.query)).toEqual(["SELECT 'mine'", "SELECT 'mine too'"])
})

test('hostile and large values go through unharmed, and the record stays small', async () => {
  const circular: Record<string, unknown> = { password: 'hunter2' }
  circular['self'] = circular
  const hostile = {
    toPostgres: () => 'fine',
    get trap(): string {
      throw new Error('not for reading')
    },
  }
  const large = 'x'.repeat(10_000_000)
  const record = await trailOf(async () => {
    expect((await pool.query('SELECT $1::text AS v', [hostile])).rows).toEqual([{ v: 'fine' }])
    expect((await pool.query('SELECT length($1) AS v', [large])).rows).toEqual([{ v: large.length }])
    expect((await pool.query('SELECT $1::bytea AS v', [Buffer.from('abc')])).rows).toEqual([
      { v: Buffer.from('abc') },
    ])
    expect((await pool.query('SELECT $1::bigint AS v', [2n ** 60n])).rows).toEqual([{ v: String(2n ** 60n) }])
    await expect(pool.query('SELECT $1::jsonb', [circular])).rejects.toThrow('circular')
  })
  expect(record['integrations']).toHaveLength(5)
  expect(JSON.stringify(record).length).toBeLessThan(200_000)
  expect(JSON.stringify(record)).not.toContain('hunter2')
})
