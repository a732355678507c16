import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SqliteDirectory } from '../store/sqlite/directory.ts'
import { aloneUnder } from './alone-under.ts'

let root: string
let directory: SqliteDirectory
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trailproof-alone-'))
  directory = SqliteDirectory.create(join(root, 'directory.db'))
})
afterEach(async () => {
  await directory[Symbol.asyncDispose]()
  rmSync(root, { recursive: true })
})

test('while one does the work another leaves it, and does it when it is free again', async () => {
  const [one, other] = [aloneUnder(directory, 'work'), aloneUnder(directory, 'work')]
  const done: string[] = []
  const begun = Promise.withResolvers<void>()
  const hold = Promise.withResolvers<void>()
  const working = one(async () => {
    begun.resolve()
    await hold.promise
    done.push('one')
  })
  await begun.promise
  await other(async () => void done.push('other, too early'))
  hold.resolve()
  await working
  await other(async () => void done.push('other'))
  expect(done).toEqual(['one', 'other'])
})

test('work that fails frees it for the next', async () => {
  await expect(aloneUnder(directory, 'work')(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  let isDone = false
  await aloneUnder(
    directory,
    'work',
  )(async () => {
    isDone = true
  })
  expect(isDone).toBe(true)
})

test('works of other names are done beside each other', async () => {
  let inner = false
  await aloneUnder(directory, 'a')(() => aloneUnder(directory, 'b')(async () => void (inner = true)))
  expect(inner).toBe(true)
})
