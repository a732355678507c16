import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { TrailproofError } from '../trailproof-error.ts'
import { addDataKey, rewrapDataKeys } from './change-data-keys.ts'
import { dataKeyPath, readDataKeyFile } from './data-key-file.ts'
import { DATA_KEY_ENTRIES_MAX, DataKeys } from './data-keys.ts'
import { addMasterKey, createKeyFile, FileKeyRing } from './file-key-ring.ts'
import type { KeyRing } from './key-ring.ts'

let keys: string
let master: string
let ring: KeyRing
let now = 0
beforeEach(() => {
  keys = mkdtempSync(join(tmpdir(), 'trailproof-data-keys-'))
  onTestFinished(() => rmSync(keys, { recursive: true }))
  master = join(keys, 'master')
  createKeyFile(master)
  ring = new FileKeyRing({ path: master, data: join(keys, 'data') })
})

const open = (of = ring): DataKeys => new DataKeys(keys, of, { now: () => now })
const fresh = async (): Promise<boolean> => false

/** Counts what is asked of a key ring, and lets it fail. */
function watched(state: { asked: number; away: boolean }): KeyRing {
  const ask = <T>(work: () => Promise<T>): Promise<T> => {
    state.asked++
    if (state.away) throw new TrailproofError('KEY_RING_UNAVAILABLE', 'away', { retryable: true })
    return work()
  }
  return {
    wrap: async (...given) => ask(() => ring.wrap(...given)),
    unwrap: async (...given) => ask(() => ring.unwrap(...given)),
  }
}

describe('data keys of a ledger', () => {
  test('are made once, and lie in a file for their owner that a person can read', async () => {
    await Promise.all([open().prepare('main', fresh), open().prepare('main', fresh)])
    const text = readFileSync(dataKeyPath(keys, 'main'), 'utf8')
    expect(statSync(dataKeyPath(keys, 'main')).mode & 0o777).toBe(0o600)
    expect(JSON.parse(text)).toMatchObject({
      version: 1,
      ledger: 'main',
      data_keys: [{ from_size: 0, wrapped_by: expect.stringMatching(/^file:/) as string }],
    })
    const a = await open().writing('main')
    const sealed = a.seal(Buffer.from('secret'), 'here')
    const b = await open().writing('main')
    expect(b.unseal(sealed, 'here')?.toString()).toBe('secret')
    expect(b.unseal(sealed, 'there')).toBeUndefined()
    expect(b.keys.indexKey).toEqual(a.keys.indexKey)
  })

  test('are each ledger’s own', async () => {
    const all = open()
    for (const name of ['main', 'main.access']) await all.prepare(name, fresh)
    const sealed = (await all.writing('main')).seal(Buffer.from('x'), 'here')
    await expect(async () => (await all.writing('main.access')).unseal(sealed, 'here')).rejects.toMatchObject(
      {
        code: 'KEY_MISSING',
      },
    )
  })

  test('are asked for once, and not again after a failure that has just been told', async () => {
    await open().prepare('main', fresh)
    const state = { asked: 0, away: true }
    const asking = open(watched(state))
    const ask = (): Promise<unknown> => asking.writing('main')
    await expect(ask()).rejects.toMatchObject({ code: 'KEY_RING_UNAVAILABLE' })
    await expect(ask()).rejects.toMatchObject({ code: 'KEY_RING_UNAVAILABLE' })
    expect(state.asked).toBe(1)
    state.away = false
    now += 6000
    await Promise.all([ask(), ask(), ask()])
    now += 6000
    await ask()
    expect(state.asked).toBe(3) // the data key and that of the index
  })

  test('a key made elsewhere is taken over within a second of writing, and only it is unwrapped', async () => {
    const state = { asked: 0, away: false }
    const running = open(watched(state))
    await running.prepare('main', fresh)
    const before = (await running.writing('main')).newestKeyId
    await addDataKey(keys, 'main', ring)
    state.asked = 0
    expect((await running.writing('main')).newestKeyId).toBe(before)
    now += 1001
    const after = await running.writing('main')
    expect(after.newestKeyId).toBe(readDataKeyFile(keys, 'main')!.data_keys[1]!.id)
    expect(after.has(before)).toBe(true)
    expect(state.asked).toBe(1)
  })

  test('while the key ring is away, writing goes on under the keys that are known', async () => {
    const state = { asked: 0, away: false }
    const running = open(watched(state))
    await running.prepare('main', fresh)
    const before = (await running.writing('main')).newestKeyId
    await addDataKey(keys, 'main', ring)
    state.away = true
    now += 1001
    expect((await running.writing('main')).newestKeyId).toBe(before)
    state.away = false
    now += 6000
    expect((await running.writing('main')).newestKeyId).not.toBe(before)
  })

  test('rotate by themselves long before a nonce could come twice, once for all servers', async () => {
    const servers = [open(), open()]
    await servers[0]!.prepare('main', fresh)
    const first = (await servers[0]!.writing('main', DATA_KEY_ENTRIES_MAX)).newestKeyId
    const size = DATA_KEY_ENTRIES_MAX + 1
    const ids = await Promise.all(
      servers.map(async (server) => (await server.writing('main', size)).newestKeyId),
    )
    expect(ids[0]).not.toBe(first)
    expect(ids[1]).toBe(ids[0])
    expect(readDataKeyFile(keys, 'main')!.data_keys.map(({ from_size }) => from_size)).toEqual([0, size])
  })

  test('wrapped anew under another master key are the same keys', async () => {
    const running = open()
    await running.prepare('main', fresh)
    await addDataKey(keys, 'main', ring)
    const sealed = (await open().writing('main')).seal(Buffer.from('secret'), 'here')
    const added = addMasterKey(master)
    const file = await rewrapDataKeys(keys, 'main', { from: ring, to: ring })
    expect([...file.data_keys, file.index_key].map(({ wrapped_by }) => wrapped_by)).toEqual([
      added,
      added,
      added,
    ])
    // The old master key may go now.
    const [newest] = readFileSync(master, 'utf8')
      .split('\n')
      .filter((line) => /^[^#]/.test(line))
    writeFileSync(master, `${newest!}\n`)
    expect((await open().writing('main')).unseal(sealed, 'here')?.toString()).toBe('secret')
  })

  test('of which several processes make more at once, none is lost', async () => {
    await open().prepare('main', fresh)
    await Promise.all(Array.from({ length: 8 }, () => addDataKey(keys, 'main', ring)))
    const ids = readDataKeyFile(keys, 'main')!.data_keys.map(({ id }) => id)
    expect(new Set(ids).size).toBe(9)
  })

  test.each(['', '{', '[]', '{"version":2}', '{"version":1,"ledger":"main","data_keys":[],"index_key":{}}'])(
    'that lie in %j are refused with what to do',
    async (text) => {
      await open().prepare('main', fresh)
      writeFileSync(dataKeyPath(keys, 'main'), text)
      await expect(open().prepare('main', fresh)).rejects.toMatchObject({
        code: 'KEY_MISSING',
        message: expect.stringContaining('newest copy') as string,
      })
    },
  )

  test('of another ledger are refused, also under its name', async () => {
    await open().prepare('other', fresh)
    const text = readFileSync(dataKeyPath(keys, 'other'), 'utf8')
    for (const forged of [text, text.replace('"other"', '"main"')]) {
      writeFileSync(dataKeyPath(keys, 'main'), forged)
      await expect(open().prepare('main', fresh)).rejects.toMatchObject({ code: 'KEY_MISSING' })
    }
  })
})
