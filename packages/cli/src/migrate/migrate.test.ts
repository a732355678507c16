import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, temporaryDirectory } from '../../../../test/cli/command.ts'
import { onEachPostgres } from '../../../../test/support/each-postgres.ts'

function services(): string {
  const root = temporaryDirectory()
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write('billing/dependencies.json', '{"dependsOn": ["users"]}')
  write('billing/0001_invoice.up.sql', 'CREATE TABLE invoice (id int)')
  write('billing/0001_invoice.down.sql', 'DROP TABLE invoice')
  write('users/0001_users.up.sql', 'CREATE TABLE users (id int)')
  return root
}

const lines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('brings a data directory up, and says where it stands', async () => {
  const data = join(temporaryDirectory(), 'data')
  const migrate = (...args: string[]) => run(['migrate', ...args, '--data', data])
  expect((await migrate('status', '--module', 'ledger')).stdout).toMatch(/ledger +0 +1 +1 pending/)
  expect((await migrate('plan')).stdout).toContain('CREATE TABLE entry_block')
  expect((await migrate('up')).stdout).toContain('up   ledger 0001-ledger')
  expect((await migrate('up')).stdout).toBe('nothing to do\n')
  expect((await migrate('validate')).stdout).toBe('what was applied is what is written\n')
  expect(lines((await migrate('list', '--json')).stdout)).toContainEqual({
    module: 'directory',
    migration: '0002-saved-searches',
    appliedAt: expect.any(String),
    hasDown: false,
  })
  expect(await migrate('down', '--module', 'ledger')).toMatchObject({
    code: 6,
    stderr: expect.stringContaining('no way back'),
  })
})

test('wants to be told a place, one of them, and which module goes back', async () => {
  expect(await run(['migrate', 'up'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--database'),
  })
  expect(await run(['migrate', 'up', '--data', 'a', '--database', 'b'])).toMatchObject({ code: 2 })
  const data = temporaryDirectory()
  expect(await run(['migrate', 'down', '--data', data])).toMatchObject({ code: 2 })
  expect(await run(['migrate', 'up', '--data', data, '--to', 'x'])).toMatchObject({ code: 2 })
  expect(await run(['migrate', 'up', '--data', data, '--module', 'x'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there are: ledger'),
  })
})

test('names what depends on itself', async () => {
  const from = services()
  writeFileSync(join(from, 'users', 'dependencies.json'), '{"dependsOn": ["billing"]}')
  expect(await run(['migrate', 'plan', '--data', temporaryDirectory(), '--from', from])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('billing -> users -> billing'),
  })
})

test('says that a database cannot be reached', async () => {
  const url = 'postgres://nobody:secret@127.0.0.1:1/none'
  const { code, stderr } = await run(['migrate', 'status', '--database', url])
  expect(code).toBe(5)
  expect(stderr).not.toContain('secret')
})

onEachPostgres((postgres) => {
  test("brings ours and a user's own services up in a database", async () => {
    const url = await postgres.database()
    const from = services()
    const migrate = (...args: string[]) => run(['migrate', ...args], { env: { TRAILPROOF_DATABASE: url } })
    expect((await migrate('up')).stdout).toMatch(/up +ledger 0001-ledger [^]*\n.*directory [^]*\n.*lock /)
    const done = await migrate('up', '--from', from, '--json')
    expect(lines(done.stdout)).toMatchObject([{ module: 'users' }, { module: 'billing', direction: 'up' }])
    expect((await migrate('down', '--from', from, '--module', 'billing')).stdout).toMatch(
      /^down billing 0001-invoice/,
    )
    expect((await migrate('status')).stdout).toMatch(/ledger +(\d+) +\1 +up to date/)
    writeFileSync(join(from, 'users', '0001_users.up.sql'), 'CREATE TABLE users (id bigint)')
    expect(await migrate('validate', '--from', from)).toMatchObject({
      code: 6,
      stdout: expect.stringContaining('users: migration 0001-users was applied with another text'),
    })
    expect(await migrate('up', '--role', 'nobody_there')).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('nobody_there'),
    })
  })
})
