import { expect, test } from 'vitest'
import type { ReadEntry } from '../ledger/read-entry.ts'
import { assertRules, basisOf, isOnlyLonger, RULES_MAX, ruleFinder } from './retention-rules.ts'
import type { RetentionRule } from './retention-store.ts'

const rule = (name: string, keepDays: number | undefined, query?: string): RetentionRule => ({
  name,
  keepDays,
  query,
})
const entry = (core: object): ReadEntry => ({
  index: 0,
  leaf: new Uint8Array(89),
  core: { text: JSON.stringify(core), salt: new Uint8Array(16) },
  personal: undefined,
})

test.each<[string, readonly RetentionRule[], readonly RetentionRule[], boolean]>([
  ['the same', [rule('a', 30)], [rule('a', 30)], true],
  ['longer', [rule('a', 30)], [rule('a', 31)], true],
  ['for ever', [rule('a', 30)], [rule('a', undefined)], true],
  ['under another name', [rule('a', 30)], [rule('b', 30)], true],
  ['no rules any more', [rule('a', 30)], [], true],
  ['shorter', [rule('a', 30)], [rule('a', 29)], false],
  ['no longer for ever', [rule('a', undefined)], [rule('a', 9999)], false],
  ['of other records', [rule('a', 30, 'service:a')], [rule('a', 99, 'service:b')], false],
  ['the first rules', [], [rule('a', 9999)], false],
  [
    'in another order',
    [rule('a', 1, 'service:a'), rule('b', 9)],
    [rule('b', 9), rule('a', 1, 'service:a')],
    false,
  ],
  ['without one that kept for longer', [rule('a', 99, 'service:a'), rule('b', 9)], [rule('b', 9)], false],
])('%s: destroys nothing sooner: %s', (_, was, becomes, expected) => {
  expect(isOnlyLonger(was, becomes)).toBe(expected)
})

test('the first rule that matches counts; none may', () => {
  const find = ruleFinder([rule('a', 1, 'service:shop'), rule('b', 2, 'action:order.*')])
  expect(find(entry({ service: 'shop', action: 'order.paid' }))).toBe(0)
  expect(find(entry({ service: 'x', action: 'order.paid' }))).toBe(1)
  expect(find(entry({ service: 'x', action: 'y.z' }))).toBeUndefined()
})

test('rules and holds make the basis of progress', () => {
  const hold = {
    ledger: 'main',
    name: 'case',
    records: { kind: 'range', from: 0, to: 1 },
    authority: 'a',
    reason: 'r',
    heldBy: { id: 'i', name: 'n' },
    heldAt: 1,
    entry: 3,
  } as const
  const bases = [
    basisOf([rule('a', 1)], []),
    basisOf([rule('a', 2)], []),
    basisOf([rule('a', 1)], [hold]),
    basisOf([rule('a', 1)], [{ ...hold, heldAt: 2 }]),
  ]
  expect(new Set(bases).size).toBe(4)
  expect(basisOf([rule('a', 1)], [{ ...hold, entry: undefined }])).toBe(bases[2])
})

test('too many rules are refused', () => {
  const rules = Array.from({ length: RULES_MAX + 1 }, (_, i) => rule(`r-${i}`, 1))
  expect(() => assertRules(rules)).toThrow(`at most ${RULES_MAX}`)
  assertRules(rules.slice(1))
})
