import { expect, test } from 'vitest'
import { differences } from './differences.ts'

test('of objects and lists each place that differs is told by itself', () => {
  const old = { plan: 'free', limits: { seats: 3, api: true }, tags: ['a', 'b'], gone: 1, 'a/b': 1 }
  const now = { limits: { api: true, seats: 5 }, tags: ['a', 'c', 'd'], plan: 'free', come: null, 'a/b': 2 }
  expect(differences({ path: '/account', old, new: now })).toEqual([
    { path: '/account/limits/seats', old: 3, new: 5 },
    { path: '/account/tags/1', old: 'b', new: 'c' },
    { path: '/account/tags/2', new: 'd' },
    { path: '/account/gone', old: 1 },
    { path: '/account/a~1b', old: 1, new: 2 },
    { path: '/account/come', new: null },
  ])
})

test.each([
  ['scalars', { path: '/a', old: 1, new: 2 }],
  ['what was made', { path: '/a', new: { b: 1 } }],
  ['what was masked', { path: '/a', old: { b: 1 }, new: { b: 2 }, redacted: true }],
  ['equal values', { path: '/a', old: { b: 1 }, new: { b: 1 } }],
  [
    'more places than anybody reads',
    { path: '/a', old: {}, new: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [i, i])) },
  ],
])('%s are shown as they are', (_, change) => {
  expect(differences(change)).toEqual([change])
})
