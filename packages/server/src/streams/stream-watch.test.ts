import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { IndexedEntry } from '../search/search-index.ts'
import { SqliteStreamStore } from '../store/sqlite/stream-store.ts'
import { StreamWatch } from './stream-watch.ts'

let root: string
let store: SqliteStreamStore
let watch: StreamWatch
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trailproof-streams-'))
  store = SqliteStreamStore.create(join(root, 'streams.db'))
  watch = new StreamWatch(store, { quietMs: 0, now: () => 1 })
})
afterEach(() => {
  store[Symbol.dispose]()
  rmSync(root, { recursive: true })
})

/** Entry `index` with a number of a stream. */
function entry(index: number, seq: number, id = 'p-1'): IndexedEntry {
  return { index, core: { stream: { id, seq } }, personal: {}, recordedAt: 0 }
}

const gaps = (size: number): string[] =>
  watch.pending('main', size).map(({ streamId, from, to }) => `${streamId} ${from}-${to}`)

test('what is missing is told, whoever reads how many at once', () => {
  watch.apply('main', [entry(0, 1), entry(1, 4)], 2)
  watch.apply('main', [entry(2, 7)], 3)
  expect(gaps(3)).toEqual(['p-1 2-3', 'p-1 5-6'])
})

test('what may have stood in entries that are destroyed is not missing', () => {
  watch.apply('main', [entry(0, 1), entry(3, 4)], 4)
  watch.apply('main', [entry(5, 2, 'begins later')], 6)
  watch.apply('main', [entry(6, 6)], 7)
  expect(gaps(7)).toEqual([])
})

test('what is missing beside them is', () => {
  watch.apply('main', [entry(0, 1), entry(2, 3), entry(3, 5), entry(4, 1, 'p-2')], 6)
  watch.apply('main', [entry(6, 7), entry(7, 9), entry(8, 2, 'p-2'), entry(9, 4, 'p-2')], 10)
  expect(gaps(10)).toEqual(['p-1 4-4', 'p-1 8-8', 'p-2 3-3'])
})

test('numbers that come twice are seen, too, and what comes late still fills', () => {
  watch.apply('main', [entry(0, 1), entry(1, 5)], 2)
  watch.apply('main', [entry(3, 3), entry(4, 5), entry(5, 7)], 6)
  expect(gaps(6)).toEqual(['p-1 2-2', 'p-1 4-4', 'p-1 6-6'])
})
