import { expect, test } from 'vitest'
import { Circuit } from './circuit.ts'

test('lets everything through until something fails, then one at a time until one succeeds', () => {
  let now = 1_000
  const circuit = new Circuit(() => now, 3_000)
  expect([circuit.admits(), circuit.admits()]).toEqual([true, true])
  circuit.failed()
  expect(circuit.admits()).toBe(false)
  now += 2_999
  expect(circuit.admits()).toBe(false)
  now += 1
  expect([circuit.admits(), circuit.admits()]).toEqual([true, false])
  circuit.failed()
  now += 3_000
  expect(circuit.admits()).toBe(true)
  circuit.succeeded()
  expect([circuit.admits(), circuit.admits()]).toEqual([true, true])
})
