import { expect, test } from 'vitest'
import { inDependencyOrder } from './module-order.ts'

const module = (name: string, ...dependsOn: string[]) => ({ name, dependsOn, migrations: [] })
const order = (...modules: ReturnType<typeof module>[]): string =>
  inDependencyOrder(modules)
    .map(({ name }) => name)
    .join(' ')

test.each([
  ['in the order given, where nothing else is said', [module('b'), module('a')], 'b a'],
  ['after what it depends on', [module('a', 'b'), module('b', 'c'), module('c')], 'c b a'],
  ['once, where several depend on it', [module('a', 'c'), module('b', 'c'), module('c')], 'c a b'],
])('puts a module %s', (_, modules, expected) => {
  expect(order(...modules)).toBe(expected)
})

test.each([
  [[module('x'), module('a', 'b'), module('b', 'c'), module('c', 'a')], 'a -> b -> c -> a'],
  [[module('a', 'a')], 'a -> a'],
  [[module('a', 'b'), module('b', 'c'), module('c', 'b')], 'b -> c -> b'],
  [[module('a', 'gone')], 'a depends on gone, which is not there'],
  [[module('a'), module('a')], 'two modules named a'],
])('refuses what has no order, by name', (modules, message) => {
  expect(() => order(...modules)).toThrow(message)
})
