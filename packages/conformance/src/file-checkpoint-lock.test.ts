import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileCheckpointLock } from '@trailproof/server/ports'
import { afterAll, expect, test } from 'vitest'
import { checkpointLockSuite } from './checkpoint-lock.suite.ts'

const root = mkdtempSync(join(tmpdir(), 'trailproof-lock-'))
afterAll(() => rmSync(root, { recursive: true }))
let directory = root

/** Stands for a signature: the size counts only when the text is whole. */
const sizeOf = (_: string, text: string): number | undefined => {
  const [, size] = /^checkpoint (\d+) signed$/.exec(text) ?? []
  return size === undefined ? undefined : Number(size)
}
const checkpoint = (size: number): string => `checkpoint ${size} signed`
const reopen = async (): Promise<FileCheckpointLock> => new FileCheckpointLock(directory, sizeOf)
const open = (): Promise<FileCheckpointLock> => {
  directory = mkdtempSync(join(root, 'case-'))
  return reopen()
}

checkpointLockSuite({ name: 'file', open, reopen, checkpoint })

test('a write torn by a power cut leaves the checkpoint before it', async () => {
  const lock = await open()
  for (const size of [1, 2, 3]) await lock.advance('main', checkpoint(size))
  const path = join(directory, 'main.lock')
  const bytes = readFileSync(path)
  bytes.fill(0, bytes.indexOf(checkpoint(3)) + 10, bytes.indexOf(checkpoint(3)) + 30)
  writeFileSync(path, bytes)
  const again = await reopen()
  expect(await again.read('main')).toBe(checkpoint(2))
  await again.advance('main', checkpoint(4))
  expect(await (await reopen()).read('main')).toBe(checkpoint(4))
})

test('a lock of which no slot can be read is an error, not an empty lock', async () => {
  const lock = await open()
  await lock.advance('main', checkpoint(1))
  writeFileSync(join(directory, 'main.lock'), 'x'.repeat(8192))
  await expect((await reopen()).read('main')).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
})
