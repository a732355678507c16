/** better-sqlite3 and node:sqlite: the same statements, called alike. */
import { DatabaseSync } from 'node:sqlite'
import { collectSqlite } from '@trailproof/sdk/collectors'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { callsOf, callsOfEach } from './recorded-calls.ts'

/** What both have. */
interface Statement {
  run(...args: unknown[]): { changes: number | bigint }
  get(...args: unknown[]): unknown
  all(...args: unknown[]): unknown[]
  iterate(...args: unknown[]): IterableIterator<unknown>
}
interface Database {
  prepare(sql: string): Statement
  exec(sql: string): unknown
  close(): unknown
}

const LIBRARIES: Readonly<Record<string, () => Database>> = {
  'better-sqlite3': () => collectSqlite(new BetterSqlite3(':memory:')),
  'node:sqlite': () => collectSqlite(new DatabaseSync(':memory:')),
}

describe.each(Object.entries(LIBRARIES))('%s', (_name, open) => {
  const withUsers = (): Database => {
    const db = open()
    db.exec(
      "CREATE TABLE users (id INTEGER, name TEXT, password TEXT); INSERT INTO users VALUES (1,'a','p'),(2,'b','p')",
    )
    return db
  }

  test('each way to run a statement is recorded', async () => {
    const db = withUsers()
    const calls = await callsOf(() => {
      const select = db.prepare('SELECT id FROM users WHERE id > ?')
      expect(select.get(0)).toEqual({ id: 1 })
      expect(select.all(0)).toHaveLength(2)
      expect([...select.iterate(0)]).toHaveLength(2)
      expect(select.get(99)).toBeUndefined()
      expect(Number(db.prepare('DELETE FROM users WHERE id = ?').run(1).changes)).toBe(1)
      db.exec('VACUUM')
    })
    expect(calls).toMatchObject([
      {
        type: 'database',
        name: 'sqlite SELECT users',
        request: { query: 'SELECT id FROM users WHERE id > ?', args: [0] },
        response: { rows_affected: 1 },
        latency_ms: expect.any(Number),
      },
      { response: { rows_affected: 2 } },
      { response: { rows_affected: 2 }, latency_ms: expect.any(Number) },
      { response: { rows_affected: 0 } },
      { name: 'sqlite DELETE users', response: { rows_affected: 1 } },
      { name: 'sqlite VACUUM' },
    ])
    expect(calls).toHaveLength(6)
    db.close()
  })

  test('an iterator that is left in the middle ends there; one that nobody reads has no end', async () => {
    const db = withUsers()
    const calls = await callsOf(() => {
      const select = db.prepare('SELECT id FROM users')
      for (const row of select.iterate()) {
        expect(row).toEqual({ id: 1 })
        break
      }
    })
    expect(calls).toMatchObject([{ response: { rows_affected: 1 }, latency_ms: expect.any(Number) }])
    const unread = await callsOf(() => void db.prepare('SELECT id FROM users').iterate())
    expect(unread).toMatchObject([{ latency_ms: null }])
  })

  test('an error is recorded, and reaches the caller', async () => {
    const db = withUsers()
    const calls = await callsOf(() => {
      expect(() => db.exec('SELECT * FROM nowhere')).toThrow('nowhere')
      const insert = db.prepare('INSERT INTO users (id, name) VALUES (?, ?)')
      expect(() => insert.run(1, Symbol('no value') as never)).toThrow()
    })
    expect(calls).toMatchObject([
      { name: 'sqlite SELECT nowhere', error: { message: expect.stringContaining('nowhere') } },
      { name: 'sqlite INSERT users', error: { message: expect.any(String) } },
    ])
    db.close()
  })

  test('secrets are masked, in lists and by name', async () => {
    const db = withUsers()
    const calls = await callsOf(() => {
      db.prepare('INSERT INTO users (id, password) VALUES (?, ?)').run(5, 'hunter2')
      db.prepare('UPDATE users SET password = :p WHERE id = :id').run({ p: 'hunter2', id: 5 })
      db.prepare('UPDATE users SET name = :password').run({ password: 'hunter2' })
      db.exec("UPDATE users SET password = 'hunter2'")
    })
    expect(JSON.stringify(calls)).not.toContain('hunter2')
    expect(calls).toMatchObject([
      { request: { args: [5, '***'] } },
      { request: { args: { p: '***', id: 5 } } },
      { request: { args: { password: '***' } } },
      {},
    ])
    db.close()
  })

  test('a transaction is visible', async () => {
    const db = withUsers()
    const calls = await callsOf(() => {
      db.exec('BEGIN IMMEDIATE')
      db.prepare('DELETE FROM users').run()
      db.exec('ROLLBACK')
      db.prepare('SELECT 1').get()
    })
    expect(calls.map(({ name }) => name)).toEqual([
      'sqlite BEGIN',
      'sqlite DELETE users',
      'sqlite ROLLBACK',
      'sqlite SELECT',
    ])
    const [first, ...rest] = calls.map(({ metadata }) => metadata?.transaction)
    expect(rest).toEqual([first, first, undefined])
    db.close()
  })

  test('hostile and large values go through unharmed', async () => {
    const db = withUsers()
    const large = 'x'.repeat(10_000_000)
    const calls = await callsOf(() => {
      db.prepare('INSERT INTO users (id, name) VALUES (?, ?)').run(2n ** 60n, large)
      db.prepare('INSERT INTO users (id, name) VALUES (?, ?)').run(9, Buffer.from('abc'))
      expect(db.prepare('SELECT length(name) AS n FROM users WHERE id = ?').get(2n ** 60n)).toEqual({
        n: large.length,
      })
    })
    expect(calls).toMatchObject([
      { request: { args: [String(2n ** 60n), expect.any(String)] } },
      { request: { args: [9, '[3 bytes]'] } },
      {},
    ])
    expect(JSON.stringify(calls).length).toBeLessThan(100_000)
    db.close()
  })

  test('a database collected twice is recorded once, and without a trail not at all', async () => {
    const db = withUsers()
    expect(collectSqlite(db as never)).toBe(db)
    expect(db.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 })
    expect(await callsOf(() => db.prepare('SELECT 1').get())).toHaveLength(1)
    db.close()
  })

  test('statements of 50 trails are each in their own', async () => {
    const db = withUsers()
    const select = db.prepare('SELECT ? AS n')
    const calls = await callsOfEach(50, async (trail) => {
      for (let i = 0; i < 20; i++) {
        await Promise.resolve()
        select.get(trail)
      }
    })
    for (const [trail, own] of calls.entries())
      expect(own.map(({ request }) => request.args)).toEqual(Array.from({ length: 20 }, () => [trail]))
    db.close()
  })
})

test("better-sqlite3's own transactions are one call, and their statements name them", async () => {
  const db = collectSqlite(new BetterSqlite3(':memory:'))
  db.exec('CREATE TABLE t (n INTEGER)')
  const insert = db.prepare('INSERT INTO t VALUES (?)')
  const all = db.transaction((numbers: number[]) => {
    for (const n of numbers) insert.run(n)
    if (numbers.length === 1) throw new Error('too few')
    return numbers.length
  })
  const calls = await callsOf(() => {
    expect(all.immediate([1, 2])).toBe(2)
    expect(() => all([3])).toThrow('too few')
  })
  expect((all as unknown as { database: unknown }).database).toBe(db)
  expect(calls.map(({ name }) => name)).toEqual([
    'sqlite TRANSACTION',
    'sqlite INSERT t',
    'sqlite INSERT t',
    'sqlite TRANSACTION',
    'sqlite INSERT t',
  ])
  const numbers = calls.map(({ metadata }) => metadata.transaction)
  expect(new Set(numbers.slice(0, 3)).size).toBe(1)
  expect(numbers[3]).not.toBe(numbers[0])
  expect(calls[3]).toMatchObject({ error: { message: 'too few' } })
  expect(db.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 2 })
  db.close()
})

test('methods that give the statement back stay chainable', () => {
  const db = collectSqlite(new BetterSqlite3(':memory:'))
  expect(db.prepare('SELECT 1 AS a, 2 AS b').raw().get()).toEqual([1, 2])
  expect(db.prepare('SELECT 1 AS a, 2 AS b').pluck().all()).toEqual([1])
  db.close()
})
