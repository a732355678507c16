import * as language from '@trailproof/core/query'
import { expect, test } from 'vitest'
import { piecesOf, termsOf } from './marked.tsx'

test('what records must hold is marked, and nothing of what they must not', () => {
  const query =
    'Refund "of acc-8" service:(auth, order) action:pay*out -outcome:failure latency_ms:>5 | count'
  expect(termsOf(language, query)).toEqual([
    { text: 'Refund', field: undefined },
    { text: 'of acc-8', field: undefined },
    { text: 'auth', field: 'service' },
    { text: 'order', field: 'service' },
    { text: 'pay', field: 'action' },
    { text: 'out', field: 'action' },
  ])
  expect(termsOf(language, 'half:(')).toEqual([])
  expect(termsOf(undefined, 'a')).toEqual([])
})

test('a text is cut at what is marked, in any case and with the longest first', () => {
  expect(marked('A refunded Refund (x)', ['refund', 'refunded', '(x)'])).toEqual([
    'A ',
    '[refunded]',
    ' ',
    '[Refund]',
    ' ',
    '[(x)]',
  ])
  expect(marked('nothing', ['some'])).toEqual(['nothing'])
})

function marked(text: string, terms: readonly string[]): readonly string[] {
  return piecesOf(text, terms).map(({ piece, isMarked }) => (isMarked ? `[${piece}]` : piece))
}
