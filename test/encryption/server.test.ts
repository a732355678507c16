/** A server whose content is encrypted at rest: what is on the disk, who can read it, and how keys change under it. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDataKeyFile } from '@trailproof/server/ports'
import { describe, expect, test } from 'vitest'
import { run } from '../cli/command.ts'
import { changeRow, changeStore, flip } from '../support/damaged-ledger.ts'
import { masterKey } from '../support/master-key.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const PERSON = 'anna.karenina@example.com'

async function record(server: TestServer, action: string, count = 1): Promise<void> {
  const records = Array.from({ length: count }, (_, n) => ({
    action,
    actor: { id: PERSON },
    metadata: { n },
  }))
  const { status } = await server.post('/v1/events', records)
  expect(status).toBe(200)
}

/** The ledger's own files, with the text of its records. */
function ledgerBytes({ data }: TestServer): Buffer {
  return Buffer.concat(
    ['ledger.db', 'ledger.db-wal'].map((name) => {
      try {
        return readFileSync(join(data, name))
      } catch {
        return Buffer.alloc(0)
      }
    }),
  )
}

async function expectReadable(server: TestServer, index: number): Promise<void> {
  const text = await (await server.fetch(`/v1/ledgers/main/entries/${index}`)).text()
  expect(text).toContain(PERSON)
}

const verify = (server: TestServer, ...more: string[]) =>
  run(['verify', server.data, '--keys', server.keys, '--ledger', 'main', ...more])

const rotate = (server: TestServer, setting: string, command = 'rotate', ...more: string[]) =>
  run([
    'keys',
    command,
    '--keys',
    server.keys,
    '--data',
    server.data,
    '--master-key',
    setting,
    '--json',
    ...more,
  ])

describe('a server with a master key', () => {
  test('writes nothing of its records in clear, reads them, and verifies with the key alone', async () => {
    const { setting } = masterKey()
    const server = await testServer({ master_key: setting })
    await record(server, 'login.done', 300)
    await expectReadable(server, 0)
    await server.running.stop()
    expect(ledgerBytes(server).includes(PERSON)).toBe(false)
    expect(ledgerBytes(server).includes('login.done')).toBe(false)

    const withKey = await verify(server, '--master-key', setting)
    expect(withKey).toMatchObject({ code: 0, stdout: expect.stringMatching(/^intact/) as string })
    const without = await verify(server)
    expect(without.code).toBe(4)
    expect(without.stdout).toMatch(/^unproven/)
    expect(without.stdout).toMatch(
      /personal groups are withheld: .*encrypted under the data key [0-9a-f]{16}/,
    )
    const stranger = await verify(server, '--master-key', masterKey().setting)
    expect(stranger.code).toBe(4)
    expect(stranger.stdout).toMatch(/does not hold the master key file:/)
  })

  test('goes on with a ledger that was written in clear', async () => {
    const before = await testServer()
    await record(before, 'login.done', 300)
    const { setting } = masterKey()
    const server = await before.restart({ master_key: setting })
    await record(server, 'logout.done', 10)
    for (const index of [0, 299, 305]) await expectReadable(server, index)
    await server.running.stop()
    expect(ledgerBytes(server).includes('login.done')).toBe(true)
    expect(ledgerBytes(server).includes('logout.done')).toBe(false)
    expect(await verify(server, '--master-key', setting)).toMatchObject({ code: 0 })
  })

  test('names a flipped bit as damage, with the key and at its entry', async () => {
    const { setting } = masterKey()
    const server = await testServer({ master_key: setting })
    await record(server, 'login.done', 300)
    await server.running.stop()
    changeStore(server, (db) => changeRow(db, 256, 'content', (bytes) => flip(bytes, bytes.length - 30)))
    const { code, stdout } = await verify(server, '--master-key', setting)
    expect(code).toBe(3)
    expect(stdout).toMatch(/256/)
  })
})

describe('a server does not start', () => {
  test.each([
    {
      when: 'without the master key',
      setting: () => '',
      spoil: () => undefined,
      says: /is encrypted.*start with the master_key/,
    },
    {
      when: 'with another master key',
      setting: () => masterKey().setting,
      spoil: () => undefined,
      says: /does not hold the master key file:[0-9a-f]{16}: put its line back/,
    },
    {
      when: 'without the data keys',
      setting: undefined,
      spoil: ({ keys }: TestServer) =>
        renameSync(join(keys, 'main.data-keys'), join(keys, 'main.data-keys.elsewhere')),
      says: /main\.data-keys is gone: put it back/,
    },
    {
      when: 'with data keys that were altered',
      setting: undefined,
      spoil: ({ keys }: TestServer) => {
        const path = join(keys, 'main.data-keys')
        writeFileSync(path, readFileSync(path, 'utf8').replace(/"wrapped": "..../, '"wrapped": "AAAA'))
      },
      says: /is not what it wrapped/,
    },
  ])('$when, and says what to do; afterwards everything is there', async ({ setting, spoil, says }) => {
    const own = masterKey().setting
    const server = await testServer({ master_key: own })
    await record(server, 'login.done', 3)
    await server.running.stop()
    const keys = readFileSync(join(server.keys, 'main.data-keys'))
    spoil(server)
    await expect(server.restart({ master_key: setting?.() ?? own })).rejects.toThrow(says)
    writeFileSync(join(server.keys, 'main.data-keys'), keys, { mode: 0o600 })
    const again = await server.restart()
    await record(again, 'login.done')
    await again.running.stop()
    expect(await verify(again, '--master-key', own)).toMatchObject({ code: 0 })
  })
})

describe('keys change under a running server', () => {
  test('a new data key is taken over, and all master keys but the newest can go after a rewrap', async () => {
    const { setting, path } = masterKey()
    const server = await testServer({ master_key: setting })
    await record(server, 'login.done', 20)
    const rotated = await rotate(server, setting)
    expect(rotated).toMatchObject({ code: 0, stderr: '' })
    const newest = readDataKeyFile(server.keys, 'main')!.data_keys[1]!.id
    await expect
      .poll(
        async () => {
          await record(server, 'login.done')
          return ledgerBytes(server).includes(Buffer.from(newest, 'hex'))
        },
        { timeout: 20_000, interval: 200 },
      )
      .toBe(true)
    await expectReadable(server, 0)

    expect(await run(['keys', 'create', path, '--add'])).toMatchObject({ code: 0 })
    const { stdout } = await rotate(server, setting, 'rewrap', '--ledger', 'main')
    const { master_keys } = JSON.parse(stdout) as { master_keys: readonly string[] }
    expect(master_keys).toHaveLength(1)
    for (const ledger of ['main.access']) await rotate(server, setting, 'rewrap', '--ledger', ledger)
    await record(server, 'login.done')
    const [first] = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => /^[^#]/.test(line))
    writeFileSync(path, `${first!}\n`)
    const again = await server.restart()
    await record(again, 'login.done')
    await expectReadable(again, 0)
    await again.running.stop()
    expect(await verify(again, '--master-key', setting)).toMatchObject({ code: 0 })
  })

  test('data keys go over to a master key of another file', async () => {
    const [before, after] = [masterKey().setting, masterKey().setting]
    const server = await testServer({ master_key: before })
    await record(server, 'login.done')
    await server.running.stop()
    expect(await rotate(server, after, 'rewrap', '--from-master-key', before)).toMatchObject({ code: 0 })
    const again = await server.restart({ master_key: after })
    await expectReadable(again, 0)
    expect((await rotate(again, after, 'rotate', '--ledger', 'nobody')).stderr).toMatch(/has no data keys/)
  })
})
