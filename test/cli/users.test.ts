import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { commandLine } from './running-server.ts'

/** Of `correct horse battery`. */
const HASH = '$2b$05$mv9mM85J8Fj1oZ7J3l8PaOo4kC8n7Zr1K5mJr7m1YqkXkzqCq8rEy'

const user = (email: string, hash = HASH): string =>
  JSON.stringify({ email, name: 'N', hash, roles: ['viewer@main'] })

test('invites, lists, disables, imports and removes users', async () => {
  const cli = await commandLine()
  const invite = ['users', 'invite', 'Anna@example.com', '--role', 'owner']
  expect((await cli.run(invite)).stdout).toMatch(/Token, shown only now: tpi_[\w-]{43}\n.*until 20/)
  expect((await cli.run(['users', 'invite', 'b@example.com'])).code).toBe(2)

  const home = mkdtempSync(join(tmpdir(), 'trailproof-users-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const file = join(home, 'users.ndjson')
  writeFileSync(file, `${user('a@example.com')}\n\n${user('b@example.com')}\n`)
  expect((await cli.run(['users', 'import', file])).stdout).toMatch(/imported 2 users/)
  writeFileSync(file, `${user('c@example.com')}\n${user('d@example.com', 'plain')}\n`)
  expect((await cli.run(['users', 'import', file])).stderr).toMatch(/ndjson:2: .*password_hash[\s\S]*1 users/)

  expect((await cli.run(['users', 'disable', 'A@example.com'])).stdout).toMatch(/disabled 20/)
  expect((await cli.run(['users', 'list'])).stdout).toMatch(/a@example\.com +N +viewer@main +never +disabled/)
  expect((await cli.run(['users', 'enable', 'a@example.com'])).stdout).toMatch(/may log in/)
  const [listed] = await cli.json<{ id: string }>(['users', 'list'])
  expect((await cli.run(['sessions', 'list', '--user', 'a@example.com'])).code).toBe(0)
  expect((await cli.run(['sessions', 'revoke', 'none'])).code).toBe(6)
  expect((await cli.run(['users', 'remove', listed!.id])).stderr).toMatch(/--yes/)
  expect((await cli.run(['users', 'remove', listed!.id, '--yes'])).stdout).toContain(`user:${listed!.id}`)
  expect((await cli.run(['users', 'disable', 'a@example.com'])).stderr).toMatch(/no user/)
})

test('rotates a key', async () => {
  const cli = await commandLine()
  const [made] = await cli.json<{ prefix: string }>(['key', 'create', 'till', '--role', 'producer'])
  const { stdout } = await cli.run(['key', 'rotate', made!.prefix, '--overlap', '5'])
  expect(stdout).toMatch(/Token, shown only now: tp_/)
  expect(stdout).toContain(`${made!.prefix} goes on for 5 minutes`)
})
