import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { testServer } from '../support/test-server.ts'
import { run, temporaryDirectory } from './command.ts'
import { commandLine } from './running-server.ts'

interface Check {
  readonly name: string
  readonly state: string
  readonly found: string
  readonly fix: string
}

async function doctor(args: readonly string[], options: Parameters<typeof run>[1] = {}) {
  const { code, stdout } = await run(['doctor', ...args, '--json'], options)
  const { checks } = JSON.parse(stdout) as { checks: readonly Check[] }
  return { code, check: (name: string) => checks.find((one) => one.name === name) }
}

describe('trailproof doctor', () => {
  test('finds a running server in order', async () => {
    const { server, env } = await commandLine()
    const directories = ['--data', server.data, '--keys', server.keys]
    const { code, check } = await doctor(directories, { env })
    expect(code).toBe(0)
    for (const name of [
      'node',
      'settings',
      'data directory',
      'server',
      'clock',
      'token',
      'search main',
      'ledger main',
    ])
      expect(check(name), name).toMatchObject({ state: 'ok' })
    const said = await run(['doctor', ...directories], { env })
    expect(said.stdout).toMatch(/^ok {4}node /)
  })

  test('warns when no server answers, and fails on a bad setting, each with a fix', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'trailproof.yaml'), 'port: http\n')
    const { code, check } = await doctor(['--url', 'http://127.0.0.1:9'], { cwd: directory })
    expect(code).toBe(9)
    expect(check('settings')).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(/trailproof\.yaml/) as string,
    })
    expect(check('server')).toMatchObject({
      state: 'warn',
      fix: expect.stringMatching(/trailproof serve/) as string,
    })
  })

  test('fails on a token that is not known', async () => {
    const { env } = await commandLine()
    const { code, check } = await doctor(['--token', 'nope'], { env })
    expect(code).toBe(9)
    expect(check('token')).toMatchObject({
      state: 'fail',
      fix: expect.stringMatching(/key create/) as string,
    })
  })

  test('sees restored data without starting it, and the lock that is not there', async () => {
    const server = await testServer()
    await server.running.stop()
    const backup = join(temporaryDirectory(), 'backup')
    cpSync(server.data, backup, { recursive: true })
    const again = await server.restart()
    await again.post('/v1/events', { action: 'a.b' })
    await again.running.stop()
    const away = ['--url', 'http://127.0.0.1:9', '--data', backup]
    const restored = await doctor([...away, '--keys', server.keys])
    expect(restored.code).toBe(9)
    expect(restored.check('ledger main')).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(/ends at 0, a checkpoint was signed at 1/) as string,
      fix: expect.stringMatching(/trailproof ledger succeed main/) as string,
    })
    const lost = await doctor([...away, '--keys', temporaryDirectory()])
    expect(lost.check('ledger main')).toMatchObject({ state: 'fail' })
  })
})

test('ledger succeed closes what cannot start and opens its successor, with the server stopped', async () => {
  const server = await testServer()
  await server.running.stop()
  const backup = join(temporaryDirectory(), 'backup')
  cpSync(server.data, backup, { recursive: true })
  const again = await server.restart()
  await again.post('/v1/events', { action: 'a.b' })
  const args = ['ledger', 'succeed', 'main', '--data', backup, '--keys', server.keys, '--reason', 'disk lost']
  const held = await run(args)
  expect(held.code).toBe(8)
  expect(held.stderr).toMatch(/in use by another/)
  await again.running.stop()
  const done = await run(args)
  expect(done.code).toBe(0)
  expect(done.stdout).toMatch(
    /main is closed at size 0 \(a checkpoint was signed at size 1\)[\s\S]*main-2 is open/,
  )
  const verified = await run(['verify', backup, '--keys', server.keys, '--ledger', 'main-2'])
  expect(verified.code).toBe(0)
  const refused = await run(args)
  expect(refused.code).toBe(6)
  expect(refused.stderr).toMatch(/was succeeded by main-2 already/)
})
