import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { takeExclusiveUse } from '../process/exclusive-use.ts'
import { ErasureList, type ListedErasure } from './erasure-list.ts'
import { FileCheckpointLock } from './file-checkpoint-lock.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trailproof-erasure-list-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function erasure(id: string): ListedErasure {
  return { ranges: [{ from: 0, to: 1 }], record: { id, digest: '', core: '', personal: '' } }
}

const ids = (ledger = 'main') => new ErasureList(directory).read(ledger).map(({ record }) => record.id)
const file = () => join(directory, 'main.erasures')

test('what was appended is read in order, each ledger its own', () => {
  const list = new ErasureList(directory)
  expect(list.read('main')).toEqual([])
  list.append('main', erasure('a'))
  list.append('other', erasure('b'))
  list.append('main', erasure('c'))
  expect([ids(), ids('other')]).toEqual([['a', 'c'], ['b']])
})

test.each(['{"ranges":[', '{"ranges":[]}', 'x'.repeat(100_000), '\u0000'])(
  'a torn end is not read, and cut off by the next append',
  (torn) => {
    const list = new ErasureList(directory)
    list.append('main', erasure('a'))
    appendFileSync(file(), torn)
    expect(ids()).toEqual(['a'])
    list.append('main', erasure('b'))
    expect(ids()).toEqual(['a', 'b'])
    expect(readFileSync(file(), 'utf8').split('\n')).toHaveLength(3)
  },
)

test('a whole line that is no JSON is damage, and told with its place', () => {
  new ErasureList(directory).append('main', erasure('a'))
  appendFileSync(file(), 'no JSON\n')
  expect(() => ids()).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }))
  expect(() => ids()).toThrow('main.erasures, line 2')
})

/** Appends a hundred erasures in a process of its own. */
const APPENDER = `
  const [module, directory, name] = process.argv.slice(1)
  const { ErasureList } = await import(module)
  const list = new ErasureList(directory)
  for (let n = 0; n < 100; n++) {
    const record = { id: name + n, digest: '', core: 'x'.repeat(n * 20), personal: '' }
    list.append('main', { ranges: [], record })
  }`

async function appendElsewhere(name: string): Promise<void> {
  const module = new URL('./erasure-list.ts', import.meta.url).href
  const flags = ['--conditions=trailproof-source', '--input-type=module', '--eval', APPENDER]
  const server = spawn(process.execPath, [...flags, module, directory, name], { stdio: 'inherit' })
  expect(await once(server, 'exit')).toEqual([0, null])
}

describe('several servers on one list', () => {
  test('append at the same time, and no line is lost', async () => {
    await Promise.all(['a', 'b'].map(appendElsewhere))
    for (const name of ['a', 'b'])
      expect(ids().filter((id) => id.startsWith(name))).toEqual(
        Array.from({ length: 100 }, (_, n) => name + String(n)),
      )
    expect(ids()).toHaveLength(200)
  })

  test('one that is not let in for long writes nothing, and may try again', () => {
    const list = new ErasureList(directory, { waitMs: 20 })
    list.append('main', erasure('a'))
    {
      using _other = takeExclusiveUse(directory, { file: 'erasures-in-use' })
      expect(() => list.append('main', erasure('b'))).toThrow(
        expect.objectContaining({ code: 'LOCK_HELD', retryable: true }),
      )
      expect(ids()).toEqual(['a'])
    }
    list.append('main', erasure('b'))
    expect(ids()).toEqual(['a', 'b'])
  })

  test('the use of the whole directory by one server is no hindrance to it', () => {
    using _own = takeExclusiveUse(directory)
    new ErasureList(directory).append('main', erasure('a'))
    expect(ids()).toEqual(['a'])
  })

  test('what keeps them apart is taken for no ledger', async () => {
    new ErasureList(directory).append('main', erasure('a'))
    await using lock = new FileCheckpointLock(directory, () => undefined)
    expect(await lock.ledgers()).toEqual([])
  })
})
