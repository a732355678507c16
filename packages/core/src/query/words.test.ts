import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordsMatcher, wordsOf } from './words.ts'

test.each([
  ['', []],
  ['POST /v1/orders_items?x=1', ['post', 'v1', 'orders', 'items', 'x', '1']],
  ['ÅNGSTRÖM e\u0301té 日本語 ٣', ['ångström', 'e\u0301té', '日本語', '٣']],
  ["ΑΣ'Α", ['ας', 'α']],
  ['İx', ['i\u0307x']],
  ['a\u200bb😀c', ['a', 'b', 'c']],
])('the words of %j', (text, words) => {
  expect(wordsOf(text)).toEqual(words)
})

test('words are the runs of letters, numbers and marks, in ASCII as anywhere', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const found: string[] = text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
      expect(wordsOf(text)).toEqual(found.map((word) => word.toLowerCase()))
    }),
  )
})

test('words follow each other where the words of the text do', () => {
  const texts = fc.array(fc.constantFrom('a', 'B', 'ab', 'é', ' ', '-', '_'), { maxLength: 12 })
  fc.assert(
    fc.property(texts, texts, (all, some) => {
      const [found, wanted] = [wordsOf(all.join('')), wordsOf(some.join(''))]
      const follow = found.some((_, i) => wanted.every((word, j) => found[i + j] === word))
      expect(wordsMatcher(wanted)(all.join(''))).toBe(wanted.length > 0 && follow)
    }),
    { numRuns: 2000 },
  )
})
