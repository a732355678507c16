import { expect, test } from 'vitest'
import { isContextHost } from './context-hosts.ts'

test.each([
  ['orders.internal', ['orders.internal'], true],
  ['Orders.Internal', ['orders.internal'], true],
  ['orders.internal', ['*.internal'], true],
  ['a.b.internal', ['*.internal'], true],
  ['internal', ['*.internal'], false],
  ['.internal', ['*.internal'], false],
  ['evilinternal', ['*.internal'], false],
  ['orders.internal.evil.com', ['*.internal', 'orders.internal'], false],
  ['xorders.internal', ['orders.internal'], false],
  ['orders.internal', ['*'], false],
  ['orders.', ['*.'], false],
  ['orders.internal', [], false],
  ['', ['*.internal'], false],
])('%s is told with %j: %s', (host, names, told) => {
  expect(isContextHost(host, names)).toBe(told)
})
