import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../../recorder/options.ts'
import { SqlStatement } from './sql-statement.ts'
import type { SqlDialect } from './sql-tokens.ts'

const options = resolveOptions({}, {})
const of = (sql: string, dialect: SqlDialect = 'postgresql') => SqlStatement.of(sql, dialect, options)
/** Arguments that say where they stand. */
const ARGS = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5']
const M = '***'

describe('the name says what is done to what', () => {
  test.each([
    ['SELECT * FROM users WHERE id = $1', 'SELECT users'],
    ['select u.id from public.users u', 'SELECT users'],
    ['SELECT extract(epoch FROM created_at) FROM events', 'SELECT events'],
    ['INSERT INTO "Orders" (a) VALUES ($1)', 'INSERT Orders'],
    ['UPDATE ONLY users SET a = 1', 'UPDATE users'],
    ['DELETE FROM a.b.c', 'DELETE c'],
    ['WITH x AS (SELECT 1 FROM t) DELETE FROM users', 'DELETE users'],
    ['/* who */ -- why\n BEGIN', 'BEGIN'],
    ['CREATE TABLE IF NOT EXISTS t (id int)', 'CREATE t'],
    ['', ''],
    ['SELECT 1', 'SELECT'],
  ])('%s', (sql, name) => expect(of(sql).name).toBe(name))
})

describe('arguments of secret columns and parameters are masked, the others are not', () => {
  test.each<[sql: string, expected: unknown[], dialect?: SqlDialect]>([
    ['UPDATE users SET password = $1 WHERE id = $2', [M, 'a1']],
    ['UPDATE users SET name = $2, "accessToken"=$1 WHERE id = $3', [M, 'a1', 'a2']],
    ['UPDATE users SET password = crypt($1, gen_salt($2)), name = $3', [M, M, 'a2']],
    ['UPDATE users SET (name, password) = ($1, $2) WHERE id = $3', [M, M, 'a2']],
    ['INSERT INTO t (a, password) VALUES ($1, $2)', ['a0', M]],
    ['INSERT INTO t (a, password, b) VALUES ($1, $2, $3), ($4, $5, $6)', ['a0', M, 'a2', 'a3', M, 'a5']],
    [
      'INSERT INTO s.t AS x (a, password) VALUES ($1, crypt($2, $3)) ON CONFLICT (a) DO UPDATE SET a = $4',
      ['a0', M, M, 'a3'],
    ],
    ['INSERT INTO t (a, password) SELECT * FROM unnest($1::text[], $2::text[])', [M, M]],
    ['INSERT INTO t (a, b) VALUES ($1, $2)', ['a0', 'a1']],
    ['SELECT 1 FROM users WHERE name = $1 AND u.api_key <> $2 OR id = $3', ['a0', M, 'a2']],
    ['SELECT 1 FROM users WHERE $1 = password AND id = $2', [M, 'a1']],
    ['SELECT 1 FROM users WHERE lower(password) = $1 AND id = $2', [M, 'a1']],
    ['SELECT 1 FROM users WHERE token IN ($1, $2) AND id = $3', [M, M, 'a2']],
    ['SELECT 1 FROM users WHERE token = ANY($1) AND id = $2', [M, 'a1']],
    ["SELECT 1 FROM users WHERE data->>'password' = $1 AND id = $2", [M, 'a1']],
    ["SELECT jsonb_build_object('name', $1, 'password', $2)", ['a0', M]],
    ['SELECT $1::text AS password, $2::text AS name', [M, 'a1']],
    ['SELECT password FROM users WHERE id = $1 LIMIT $2', ['a0', 'a1']],
    ['SELECT 1 WHERE password IS NOT NULL LIMIT $1', ['a0']],
    ['SELECT password, $1 FROM t', ['a0']],
    ["SELECT 'password = ' || $1", ['a0']],
    ['SELECT 1 -- password = $1\n WHERE a = $2', ['a0', 'a1']],
    ['UPDATE users SET password = ? WHERE id = ?', [M, 'a1'], 'mysql'],
    ['UPDATE users SET name = "it\\"s", password = ? WHERE id = ?', [M, 'a1'], 'mysql'],
    ['INSERT INTO `t` (`a`, `password`) VALUES (?, ?), (?, ?)', ['a0', M, 'a2', M], 'mysql'],
    ['INSERT INTO t SET a = ?, password = ?', ['a0', M], 'mysql'],
    ['UPDATE users SET password = ?2 WHERE id = ?1', ['a0', M], 'sqlite'],
    ['UPDATE users SET a = @password WHERE id = $id', [M, 'a1'], 'sqlite'],
  ])('%s', (sql, expected, dialect) =>
    expect(of(sql, dialect).argsOf(ARGS.slice(0, expected.length))).toEqual(expected),
  )
})

test.each([
  ['UPDATE t SET password = :p, a = :a', { p: M, a: 1 }],
  ['INSERT INTO t (a, password) VALUES (@a, @p)', { p: M, a: 1 }],
])('arguments with names: %s', (sql, expected) =>
  expect(of(sql, 'sqlite').namedArgsOf({ p: 'hunter2', a: 1 })).toEqual(expected),
)

describe('secret literals are masked in the text', () => {
  test.each<[sql: string, expected: string, dialect?: SqlDialect]>([
    ["UPDATE users SET password = 'x''y' WHERE id = 1", 'UPDATE users SET password = *** WHERE id = 1'],
    ["INSERT INTO t (a, password) VALUES ('a', 'b')", "INSERT INTO t (a, password) VALUES ('a', ***)"],
    ["ALTER USER bob WITH PASSWORD 'hunter2'", 'ALTER USER bob WITH PASSWORD ***'],
    ["CREATE USER bob IDENTIFIED BY 'hunter2'", 'CREATE USER bob IDENTIFIED BY ***', 'mysql'],
    ["SELECT 1 FROM u WHERE E'a\\'b' = password", 'SELECT 1 FROM u WHERE *** = password'],
    ['UPDATE u SET pin = 1234', 'UPDATE u SET pin = ***'],
    ['UPDATE u SET secret = $q$x$q$, a = 1', 'UPDATE u SET secret = ***, a = 1'],
    ["UPDATE u SET secret = 'not closed", 'UPDATE u SET secret = ***'],
    ["SELECT 1 FROM t WHERE a = 'password'", "SELECT 1 FROM t WHERE a = 'password'"],
  ])('%s', (sql, expected, dialect) => expect(of(sql, dialect).query).toBe(expected))
})

test('a name that the recorder is told of is secret too, and none where it masks nothing', () => {
  const sql = 'UPDATE t SET customer_number = $1, password = $2'
  const more = resolveOptions({ redaction: { names: ['customerNumber'] } }, {})
  expect(SqlStatement.of(sql, 'postgresql', more).argsOf(['a', 'b'])).toEqual([M, M])
  const none = resolveOptions({ redaction: false }, {})
  expect(SqlStatement.of(sql, 'postgresql', none).argsOf(['a', 'b'])).toEqual(['a', 'b'])
})

test('of a statement that is too long to be read no argument is kept', () => {
  const statement = of(`INSERT INTO t (a, password) VALUES ${'($1, $2), '.repeat(40_000)}`)
  expect(statement.name).toBe('INSERT t')
  expect(statement.argsOf(['a', 'hunter2'])).toMatch('left out')
})

describe('reading takes linear time', () => {
  const LINES = [
    "'",
    '"',
    '/*',
    '--',
    '$$',
    '$a$',
    '(',
    ')',
    'a.',
    '=',
    ':',
    "E'\\",
    ', ',
    'password = ',
    '$1',
    '\\',
  ]
  test.each(LINES)('%s, many times', (piece) => {
    // Quadratic time would be minutes here; the suite's own limit is the only one.
    for (const dialect of ['postgresql', 'mysql', 'sqlite'] as const)
      expect(of(piece.repeat(Math.floor(250_000 / piece.length)), dialect).query.length).toBeGreaterThan(0)
  })
})
