import { expect, test } from 'vitest'
import type { ShownRecord } from '../api/answers.ts'
import { arrived, EMPTY_TAIL, released, SHOWN_MAX } from './tail-buffer.ts'

const record = (index: number): ShownRecord => ({
  id: `${index}`,
  ledger: 'main',
  index,
  recorded_at: '2026-01-01T00:00:00Z',
})
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => record(from + i))
const indexes = (records: readonly ShownRecord[]) => records.map(({ index }) => index)

test('the newest stand first', () => {
  const buffer = arrived(arrived(EMPTY_TAIL, range(0, 2), false), range(2, 4), false)
  expect(indexes(buffer.shown)).toEqual([3, 2, 1, 0])
})

test('nothing moves while it is held, and all is there afterwards', () => {
  let buffer = arrived(EMPTY_TAIL, range(0, 2), false)
  const before = buffer.shown
  for (let i = 2; i < 5; i++) buffer = arrived(buffer, [record(i)], true)
  expect(buffer.shown).toBe(before)
  expect(buffer.heldCount).toBe(3)
  expect(indexes(released(buffer).shown)).toEqual([4, 3, 2, 1, 0])
  expect(indexes(arrived(buffer, [record(5)], false).shown)).toEqual([5, 4, 3, 2, 1, 0])
})

test('however many come, the page holds a bounded number, and counts the others', () => {
  const buffer = arrived(EMPTY_TAIL, range(0, 3 * SHOWN_MAX), true)
  expect(buffer.held).toHaveLength(SHOWN_MAX)
  expect(buffer.heldCount).toBe(3 * SHOWN_MAX)
  const shown = released(buffer).shown
  expect(shown).toHaveLength(SHOWN_MAX)
  expect(shown[0]!.index).toBe(3 * SHOWN_MAX - 1)
})
