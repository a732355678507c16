import { describe, expect, test } from 'vitest'
import { Pacer } from './pacer.ts'
import { SharedRates, type Tally } from './shared-rates.ts'

const PACE = { perSecond: 10, burstMs: 1000 }
/** Far beyond a test: it is told when the test says so. */
const NEVER = { everyMs: 2 ** 31 - 1 }

interface Scene {
  now: number
  isAway: boolean
}

/** What a driver promises, in memory, by the clock of the scene. */
function commonTally(scene: Scene): Tally {
  const paidAt = new Map<string, number>()
  return async (taken) => {
    if (scene.isAway) return undefined
    return taken.map(({ name, costMs }) => {
      const paid = Math.max(scene.now, paidAt.get(name) ?? 0) + costMs
      paidAt.set(name, paid)
      return paid - scene.now
    })
  }
}

function serversOf(scene: Scene, tally: Tally, count = 2) {
  return Array.from({ length: count }, () => {
    const pacer = new Pacer(PACE)
    const rates = new SharedRates(new Map([['key', pacer]]), tally, { ...NEVER, now: () => scene.now })
    return { pacer, rates }
  })
}

const takeAll = (pacer: Pacer, now: number, tries = 100): number =>
  Array.from({ length: tries }, () => pacer.take('k', 1, now)).filter((wait) => wait === 0).length

describe('two servers with a common tally', () => {
  test('go at one rate together', async () => {
    const scene = { now: 0, isAway: false }
    const [one, other] = serversOf(scene, commonTally(scene)) as [Server, Server]
    let taken = 0
    for (; scene.now < 20_000; scene.now += 100)
      for (const { pacer, rates } of [one, other]) {
        taken += takeAll(pacer, scene.now)
        await rates.tell()
      }
    // 20 s of ten a second, and once a burst of each server before it has heard of the other.
    expect(taken).toBeGreaterThanOrEqual(200)
    expect(taken).toBeLessThanOrEqual(200 + 2 * 11)
  })

  test('each goes by its own count while the tally is away, and by both afterwards', async () => {
    const scene = { now: 0, isAway: true }
    const [one, other] = serversOf(scene, commonTally(scene)) as [Server, Server]
    for (const { pacer, rates } of [one, other]) {
      expect(takeAll(pacer, 0)).toBe(11)
      await rates.tell()
    }
    scene.isAway = false
    scene.now = 10_000
    expect(takeAll(one.pacer, scene.now)).toBe(11)
    await one.rates.tell()
    expect(takeAll(other.pacer, scene.now, 1)).toBe(1)
    await other.rates.tell()
    expect(takeAll(other.pacer, scene.now)).toBe(0)
  })

  test('callers are told apart', async () => {
    const scene = { now: 0, isAway: false }
    const [one, other] = serversOf(scene, commonTally(scene)) as [Server, Server]
    takeAll(one.pacer, 0)
    other.pacer.take('somebody else', 1, 0)
    await one.rates.tell()
    await other.rates.tell()
    expect(other.pacer.waitMs('somebody else', 0)).toBe(0)
  })
})

test('a tally that says nonsense neither opens nor closes anything for long', async () => {
  const scene = { now: 0, isAway: false }
  for (const nonsense of [[-1e9], [], [Number.MAX_VALUE]]) {
    const [one] = serversOf(scene, async () => nonsense, 1) as [Server]
    takeAll(one.pacer, 0)
    await one.rates.tell()
    expect(one.pacer.waitMs('k', 0)).toBeGreaterThan(0)
    expect(one.pacer.waitMs('k', 86_400_000)).toBe(0)
  }
})

test('of many callers all are told, in pieces, and of too many the first', async () => {
  const pieces: number[] = []
  const tally: Tally = async (taken) => {
    pieces.push(taken.length)
    return taken.map(() => 0)
  }
  const [one] = serversOf({ now: 0, isAway: false }, tally, 1) as [Server]
  for (let i = 0; i < 6_000; i++) one.pacer.take(`k${i}`, 1, 0)
  await one.rates.tell()
  expect(pieces).toEqual(Array.from({ length: 10 }, () => 500))
})

type Server = ReturnType<typeof serversOf>[number]
