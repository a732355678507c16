import { describe, expect, test } from 'vitest'
import { DoneOffsets } from './done-offsets.ts'

describe('offsets of a partition that are done', () => {
  test.each([
    { taken: [], done: [], next: undefined },
    { taken: [5n], done: [], next: 5n },
    { taken: [5n, 6n, 7n], done: [5n], next: 6n },
    { taken: [5n, 6n, 7n], done: [7n, 6n], next: 5n },
    { taken: [5n, 6n, 7n], done: [7n, 6n, 5n], next: 8n },
    { taken: [5n, 9n, 12n], done: [5n, 9n], next: 10n },
  ])('$taken taken, $done done: go on from $next', ({ taken, done, next }) => {
    const offsets = new DoneOffsets()
    for (const offset of taken) offsets.take(offset)
    for (const offset of done) offsets.done(offset)
    expect(offsets.next).toBe(next)
  })
})
