import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeExclusiveUse } from './exclusive-use.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trailproof-exclusive-use-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Takes it, says so, and lets go when it is killed, or a while after a line from here: whoever waits stands still by then. */
const HOLDER = `
  const [module, directory] = process.argv.slice(1)
  const { takeExclusiveUse } = await import(module)
  const use = takeExclusiveUse(directory)
  console.log('taken')
  process.stdin.once('data', () => setTimeout(() => process.exit(), 100))`

async function holder(): Promise<ChildProcess> {
  const module = new URL('./exclusive-use.ts', import.meta.url).href
  const flags = ['--conditions=trailproof-source', '--input-type=module', '--eval', HOLDER]
  const other = spawn(process.execPath, [...flags, module, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(other.stdout, 'data')
  return other
}

test('a second use is refused at once, until the first is over', () => {
  const first = takeExclusiveUse(directory)
  expect(() => takeExclusiveUse(directory)).toThrow(
    expect.objectContaining({ code: 'LOCK_HELD', retryable: false }),
  )
  first[Symbol.dispose]()
  using _next = takeExclusiveUse(directory)
})

test('uses of different files do not meet', () => {
  using _whole = takeExclusiveUse(directory)
  using _part = takeExclusiveUse(directory, { file: 'part-in-use' })
})

test('another process is kept out, and nothing is left of one that was killed', async () => {
  const other = await holder()
  expect(() => takeExclusiveUse(directory)).toThrow(expect.objectContaining({ code: 'LOCK_HELD' }))
  other.kill('SIGKILL')
  await once(other, 'exit')
  using _next = takeExclusiveUse(directory)
})

test('who waits is let in once the other lets go', async () => {
  const other = await holder()
  const over = once(other, 'exit')
  other.stdin!.write('let go\n')
  using _next = takeExclusiveUse(directory, { waitMs: 30_000 })
  await over
})

test('who has waited in vain is told to try again', async () => {
  const other = await holder()
  expect(() => takeExclusiveUse(directory, { waitMs: 20 })).toThrow(
    expect.objectContaining({ code: 'LOCK_HELD', retryable: true }),
  )
  other.kill()
  await once(other, 'exit')
})
