import { expect, test } from 'vitest'
import { successionChain } from './succession-chain.ts'

const successors = new Map([
  ['main', 'main-2'],
  ['main-2', 'main-3'],
  ['main.access', 'main.access-2'],
])

test.each([
  ['main', ['main', 'main-2', 'main-3']],
  ['main-2', ['main', 'main-2', 'main-3']],
  ['main-3', ['main', 'main-2', 'main-3']],
  ['main.access-2', ['main.access', 'main.access-2']],
  ['orders', ['orders']],
])('%s stands in its chain, the oldest first', (name, chain) => {
  expect(successionChain(name, successors)).toEqual(chain)
})

test('names that go round in a circle come to an end', () => {
  const circle = new Map([
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'b'],
  ])
  expect(successionChain('a', circle)).toEqual(['a', 'b', 'c'])
})
