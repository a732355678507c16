import { parseQuery } from '@trailproof/core/query'
import { expect, test } from 'vitest'
import { countRequestText } from './count-request.ts'

const asked = (query: string, nowMs: number, edges: readonly number[] = []) =>
  countRequestText('tally', {
    ledger: 'main',
    filter: parseQuery(query).filter,
    nowMs,
    timeoutMs: 5_000,
    edges,
    by: ['outcome'],
    sample: 5_000,
  })

test('the same question at another time is the same, unless its time is relative', () => {
  expect(asked('outcome:failure', 1)).toBe(asked('outcome:failure', 2))
  expect(asked('outcome:failure last:1h', 1)).toBe(asked('outcome:failure last:1h', 1))
  expect(asked('outcome:failure last:1h', 1)).not.toBe(asked('outcome:failure last:1h', 2))
  // Inside of others, too.
  expect(asked('a OR NOT (b AND last:1h)', 1)).not.toBe(asked('a OR NOT (b AND last:1h)', 2))
})

test('other questions are others', () => {
  const texts = ['', 'a', '"a"', 'b', 'action:a', 'NOT a', 'a OR b', 'a b'].map((query) => asked(query, 1))
  expect(new Set([...texts, asked('', 1, [0, 1]), asked('', 1, [0, 2])]).size).toBe(texts.length + 2)
})

test('the same words of a count and of a tally are two questions', () => {
  const request = { ledger: 'main', filter: undefined, nowMs: 1, timeoutMs: 5_000 }
  expect(countRequestText('count', { ...request, cap: 1 })).not.toBe(
    countRequestText('tally', { ...request, edges: [], by: [], sample: 1 }),
  )
})
