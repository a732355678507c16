import { expect, test } from 'vitest'
import { commandLine } from './running-server.ts'

test('makes keys with roles, and shows what roles there are', async () => {
  const cli = await commandLine()
  const key = ['key', 'create', 'anna', '--role', 'viewer', 'producer', '--team', 'payments']
  const [made] = await cli.json<{ token: string }>(key)
  expect(made).toMatchObject({ roles: ['viewer', 'producer'], scopes: [], teams: ['payments'] })
  expect((await cli.run(['key', 'list'])).stdout).toMatch(/anna +viewer producer/)
  expect((await cli.run(['roles', 'list'])).stdout).toMatch(/viewer +read save-searches/)
  const names = (await cli.json<{ name: string }>(['roles', 'list'])).map(({ name }) => name)
  expect(names).toEqual(['owner', 'admin', 'auditor', 'analyst', 'viewer', 'producer'])

  const refused = await cli.run(['search', 'actor:u-1', '--token', made!.token])
  expect(refused.stderr).toMatch(/actor\.id is personal data/)
  expect((await cli.run(['key', 'list', '--token', made!.token])).stderr).toMatch(/manage-keys/)
  expect((await cli.run(['key', 'create', 'x'])).code).toBe(2)
  expect((await cli.run(['key', 'create', 'x', '--role', 'nonsense'])).stderr).toMatch(/no role nonsense/)
})

test('shows masked personal data for a reason, which is recorded', async () => {
  const cli = await commandLine()
  await cli.run(['send', '--wait'], { input: '{"action":"a.b","actor":{"id":"anna-1"}}' })
  const [made] = await cli.json<{ token: string }>(['key', 'create', 'eve', '--role', 'analyst'])
  const search = ['search', '--token', made!.token]
  const [masked] = await cli.json<{ actor?: unknown; masked: unknown }>(search)
  expect(masked).toMatchObject({ masked: ['personal'] })
  expect(masked!.actor).toBeUndefined()
  expect((await cli.run([...search, 'actor:anna-1'])).stderr).toMatch(/--unmask <reason>/)

  const reason = 'Beschwerde Nº 4711 geprüft'
  const [shown] = await cli.json([...search, 'actor:anna-1', '--unmask', reason])
  expect(shown).toMatchObject({ actor: { id: 'anna-1' } })
  const recorded = await cli.json(['search', '--ledger', 'main.access', 'action:access.unmask'])
  expect(JSON.stringify(recorded)).toContain(reason)
})
