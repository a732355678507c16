import { hash as bcrypt } from '@node-rs/bcrypt'
import { describe, expect, test } from 'vitest'
import { importProblem, Passwords, passwordProblem } from './passwords.ts'

test('a password opens what was made of it, and no other does', async () => {
  const passwords = await Passwords.create()
  const hash = await passwords.hash('correct horse battery')
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await passwords.verify('correct horse battery', hash)).toBe(true)
  expect(await passwords.verify('correct horse batterY', hash)).toBe(false)
  expect(await passwords.verify('', hash)).toBe(false)
  expect(passwords.isOutdated(hash)).toBe(false)
})

test('nobody has no password, not even none', async () => {
  const passwords = await Passwords.create()
  for (const password of ['', 'anything at all', 'x'.repeat(100_000)])
    expect(await passwords.verify(password, undefined)).toBe(false)
})

test('letters that are typed in two ways are the same', async () => {
  const passwords = await Passwords.create()
  const hash = await passwords.hash('Zürich am See, 2026')
  expect(await passwords.verify('Zu\u0308rich am See, 2026', hash)).toBe(true)
})

test('imported bcrypt opens and is to be made anew', async () => {
  const passwords = await Passwords.create()
  for (const version of ['2a', '2b', '2y'] as const) {
    const hash = await bcrypt('correct horse battery', { cost: 4, version })
    expect(importProblem(hash)).toBeUndefined()
    expect(await passwords.verify('correct horse battery', hash)).toBe(true)
    expect(await passwords.verify('wrong horse battery', hash)).toBe(false)
    expect(passwords.isOutdated(hash)).toBe(true)
  }
})

describe('what cannot be imported', () => {
  const salt = 'c29tZXNhbHRzb21lc2FsdA'
  const digest = 'BU5o1gYEXvB90ufyk+tRUuGKyKeRS8WCqsF+Se5yB6c'
  test.each([
    ['nothing', ''],
    ['a text', 'hunter2'],
    ['md5', '$1$abc$def'],
    ['argon2i', `$argon2i$v=19$m=4096,t=3,p=1$${salt}$${digest}`],
    ['memory without end', `$argon2id$v=19$m=4194304,t=3,p=1$${salt}$${digest}`],
    ['time without end', `$argon2id$v=19$m=4096,t=99,p=1$${salt}$${digest}`],
    ['bcrypt as it was wrong', `$2x$10$${'a'.repeat(53)}`],
    ['bcrypt for minutes', `$2b$31$${'a'.repeat(53)}`],
    ['bcrypt, cut', '$2b$10$abc'],
  ])('%s', (_, hash) => {
    expect(importProblem(hash)).toBeDefined()
  })

  test('but argon2id of others', () => {
    expect(importProblem(`$argon2id$v=19$m=65536,t=3,p=4$${salt}$${digest}`)).toBeUndefined()
  })
})

test.each([
  ['x'.repeat(11), /at least 12/],
  ['x'.repeat(12), undefined],
  ['😀'.repeat(11), /at least 12/],
  ['😀'.repeat(128), undefined],
  ['x'.repeat(129), /at most 128/],
])('the length of a password counts in characters (%#)', (password, problem) => {
  if (problem === undefined) expect(passwordProblem(password)).toBeUndefined()
  else expect(passwordProblem(password)).toMatch(problem)
})

test('a flood of them is told to come again, and leaves nothing waiting', async () => {
  const passwords = await Passwords.create()
  const tries = await Promise.allSettled(
    Array.from({ length: 70 }, () => passwords.verify('some password', undefined)),
  )
  expect(tries.filter(({ status }) => status === 'rejected')).toHaveLength(4)
  expect(await passwords.verify('some password', undefined)).toBe(false)
})
