import { beforeEach, describe, expect, test } from 'vitest'
import { ErasureGate } from './erasure-gate.ts'

let now = 0
let listed = 0
let forgotten: string[] = []

function gateOf(follows: boolean): ErasureGate {
  return new ErasureGate({
    listed: async () => listed,
    forget: async (ledgers) => void forgotten.push(ledgers.join(' ')),
    now: () => now,
    follows,
  })
}

beforeEach(() => {
  ;[now, listed, forgotten] = [1_000, 0, []]
})

describe('erasures of this server', () => {
  test('nothing is remembered while one is carried out; then it is another ledger to the cache, and empty', async () => {
    const gate = gateOf(false)
    expect(gate.erasures('main')).toBe(0)
    const work = Promise.withResolvers<void>()
    const erasing = gate.erasing('main', () => work.promise)
    expect(gate.erasures('main')).toBeUndefined()
    expect(gate.erasures('other')).toBe(0)
    listed = 1
    work.resolve()
    await erasing
    expect(gate.erasures('main')).toBe(1)
    expect(forgotten).toEqual(['main'])
  })

  test('of two at once the last one opens it', async () => {
    const gate = gateOf(false)
    const works = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const erasing = works.map(async ({ promise }) => gate.erasing('main', () => promise))
    listed = 2
    works[1].resolve()
    await erasing[1]
    expect(gate.erasures('main')).toBeUndefined()
    works[0].resolve()
    await erasing[0]
    expect(gate.erasures('main')).toBe(2)
  })

  test('after one that failed nothing is remembered until one succeeds', async () => {
    const gate = gateOf(false)
    await expect(gate.erasing('main', async () => Promise.reject(new Error('the disk')))).rejects.toThrow(
      'the disk',
    )
    expect(gate.erasures('main')).toBeUndefined()
    expect(forgotten).toEqual(['main'])
    listed = 1
    await gate.erasing('main', async () => undefined)
    expect(gate.erasures('main')).toBe(1)
  })
})

test('those that are repeated at the start are forgotten together', async () => {
  const gate = gateOf(true)
  listed = 3
  await gate.repeating(async () => {
    await gate.erasing('main', async () => undefined)
    await gate.erasing('other', async () => undefined)
    expect(forgotten).toEqual([])
  })
  expect(forgotten).toEqual(['main other'])
  expect([gate.erasures('main'), gate.erasures('other'), gate.erasures('third')]).toEqual([3, 3, undefined])
  await gate.repeating(async () => undefined)
  expect(forgotten).toHaveLength(1)
})

describe('erasures of others', () => {
  test('of a ledger nothing is known before it was looked at', async () => {
    const gate = gateOf(true)
    expect(gate.erasures('main')).toBeUndefined()
    await gate.following('main', 0, async () => undefined)
    expect(gate.erasures('main')).toBe(0)
    expect(forgotten).toEqual([])
  })

  test('one that was followed closes the ledger for a minute: who erased may still destroy', async () => {
    const gate = gateOf(true)
    await gate.following('main', 0, async () => undefined)
    await gate.following('main', 1, async () => expect(gate.erasures('main')).toBeUndefined())
    expect(gate.erasures('main')).toBeUndefined()
    now += 60_000
    expect(gate.erasures('main')).toBe(1)
  })

  test('its own are no news', async () => {
    const gate = gateOf(true)
    listed = 1
    await gate.erasing('main', async () => undefined)
    await gate.following('main', 1, async () => undefined)
    expect(gate.erasures('main')).toBe(1)
    expect(forgotten).toEqual(['main'])
  })

  test('one that could not be followed is tried again', async () => {
    const gate = gateOf(true)
    await expect(gate.following('main', 1, async () => Promise.reject(new Error('away')))).rejects.toThrow(
      'away',
    )
    expect(gate.erasures('main')).toBeUndefined()
    await gate.following('main', 1, async () => undefined)
    now += 60_000
    expect(gate.erasures('main')).toBe(1)
  })
})
